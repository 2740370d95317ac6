import FoundationEssentials
import Glibc
import Platform
import Records
import Testing

/// A folder of its own for one test, removed with all that it holds.
final class Folder {
    let path: String

    init() throws {
        path = "\(Files.temporaryFolder)/kennel-records-\(Entropy.identifier())"
        try Files.makeDirectory(path)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    /// The path of a new file that holds `bytes`.
    func file(_ name: String, _ bytes: [UInt8] = []) throws -> String {
        let file = try FileDescriptor(opening: "\(path)/\(name)", flags: O_RDWR | O_CREAT)
        try bytes.withUnsafeBytes { try file.write($0, at: 0) }
        return file.path
    }

    /// The path of a new folder.
    func folder(_ name: String) throws -> String {
        try Files.makeDirectory("\(path)/\(name)")
        return "\(path)/\(name)"
    }
}

/// A page behind whose last byte nothing may be read: a parser that does so is stopped at once.
final class GuardedPage {
    private static let byteCount = 4096
    private let base: UnsafeMutableRawPointer

    init() throws {
        let flags = MAP_PRIVATE | MAP_ANONYMOUS
        let mapped = mmap(nil, 2 * Self.byteCount, PROT_READ | PROT_WRITE, flags, -1, 0)
        base = try #require(mapped)
        try #require(mapped != MAP_FAILED)
        try #require(mprotect(base + Self.byteCount, Self.byteCount, PROT_NONE) == 0)
    }

    deinit {
        munmap(base, 2 * Self.byteCount)
    }

    /// The bytes, lying at the page's very end, until the next call.
    func place(_ bytes: [UInt8]) -> UnsafeBufferPointer<UInt8> {
        precondition(bytes.count <= Self.byteCount, "a page has no room for more")
        let start = base + Self.byteCount - bytes.count
        bytes.withUnsafeBytes { source in
            guard let from = source.baseAddress else { return }
            start.copyMemory(from: from, byteCount: source.count)
        }
        let typed = start.bindMemory(to: UInt8.self, capacity: bytes.count)
        return UnsafeBufferPointer(start: typed, count: bytes.count)
    }
}

extension RecordParser {
    /// What becomes of a line, which is the job's 8th.
    func outcome(_ line: [UInt8]) -> Result<Record, RecordFailure> {
        line.withUnsafeBufferPointer { outcome($0) }
    }

    func outcome(_ line: UnsafeBufferPointer<UInt8>) -> Result<Record, RecordFailure> {
        do throws(RecordFailure) {
            return .success(try parse(line, index: 7))
        } catch {
            return .failure(error)
        }
    }

    func record(_ line: String) throws -> Record {
        try outcome(Array(line.utf8)).get()
    }

    /// The failure of a line that must have one.
    func failure(_ line: [UInt8]) throws -> RecordFailure {
        let outcome = outcome(line)
        guard case .failure(let failure) = outcome else {
            throw UnexpectedRecord(line: String(decoding: line, as: UTF8.self))
        }
        return failure
    }
}

/// A line that should have been refused.
struct UnexpectedRecord: Error {
    let line: String
}

extension [UInt8] {
    var text: String { String(decoding: self, as: UTF8.self) }
}
