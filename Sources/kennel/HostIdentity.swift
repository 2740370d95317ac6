import Glibc
import Platform

/// What tells this host apart from others.
struct HostIdentity {
    /// For rules by which two hosts have to agree; never empty where anything is known.
    let machineID: String
    /// The kernel's name for this boot, the same in all containers; empty where it cannot be read.
    let bootID: String

    /// Reads what the system says of itself.
    ///
    /// Containers often have no machine id, or one that is to be made at the first boot. Then the
    /// boot tells the host apart, or else its name does.
    init(
        machineIDPath: String = "/etc/machine-id",
        bootIDPath: String = "/proc/sys/kernel/random/boot_id",
        hostName: String = Self.hostName
    ) {
        let machineID = Self.line(of: machineIDPath)
        let bootID = Self.line(of: bootIDPath)
        let candidates = [machineID == "uninitialized" ? "" : machineID, bootID, hostName]
        self.machineID = candidates.first { !$0.isEmpty } ?? ""
        self.bootID = bootID
    }

    /// The host's name in its network.
    static var hostName: String {
        var buffer = [CChar](repeating: 0, count: 256)
        gethostname(&buffer, buffer.count - 1)
        return String(
            decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) },
            as: UTF8.self
        )
    }

    private static func line(of path: String) -> String {
        guard let file = try? FileDescriptor(opening: path),
            let bytes = try? file.read(count: 64, at: 0)
        else { return "" }
        return String(decoding: bytes.prefix { $0 != 0x0A }, as: UTF8.self)
    }
}
