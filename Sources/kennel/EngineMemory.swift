import Doge
import FoundationEssentials
import Glibc

/// What of a machine's memory an engine takes for texts that grow.
enum EngineMemory {
    /// Room for keys and values that may be asked for, MiB.
    static let cacheMiB = 1...1 << 24

    /// This machine's memory, MiB.
    static var machineMiB: Int {
        (sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE))) >> 20
    }

    /// The processor's last cache, as one core sees it, bytes; where the system does not tell, a
    /// usual one.
    ///
    /// libc's own number is that of the whole package, which on some processors no core can use.
    static var lastCacheBytes: Int {
        let text = FileManager.default
            .contents(atPath: "/sys/devices/system/cpu/cpu0/cache/index3/size")
            .map { String(decoding: $0, as: UTF8.self) }
        return text.flatMap(bytes(ofSize:)) ?? EngineLayout.Wish.cacheBytesUsual
    }

    /// What the kernel means by a size such as "32768K"; nil where it is no such text.
    static func bytes(ofSize text: String) -> Int? {
        let units: [Character: Int] = ["K": 10, "M": 20]
        let text = text.split(whereSeparator: \.isWhitespace).first ?? ""
        guard let unit = text.last.flatMap({ units[$0] }), let number = Int(text.dropLast()),
            number > 0
        else { return nil }
        return number << unit
    }

    /// Room for keys and values of each of several workers where nobody says: together a quarter of
    /// the memory, which is taken only as texts need it.
    static func usualCacheMiB(workers: Int = 1) -> Int { max(1, machineMiB / 4 / workers) }
}
