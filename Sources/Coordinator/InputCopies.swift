import Glibc
package import Platform
import Synchronization

/// The plain copies of inputs that one command makes in a state folder.
///
/// From before the first of them for as long as this lives, no coordinator that starts takes them
/// for copies whose maker was killed: the command may hand their job in any moment.
package final class InputCopies: Sendable {
    private struct Claim: ~Copyable {
        var lock: FileDescriptor?
        var count = 0
    }

    private let state: String
    private let maker = Entropy.identifier()
    private let claim = Mutex(Claim())

    /// Nothing is made or claimed before the first copy is.
    package init(state: String) {
        self.state = state
    }

    deinit {
        claim.withLock { $0.lock?.giveBack(byte: Self.byte(of: maker)) }
    }

    /// The name of the next copy in the folder of copies, which is made.
    package func nextName() throws(SystemCallError) -> String {
        try claim.withLock { claim throws(SystemCallError) in
            if claim.lock == nil {
                try Files.makeDirectory(StateDirectory.spools(state))
                let path = StateDirectory.lockPath(state)
                let lock = try FileDescriptor(opening: path, flags: O_RDWR | O_CREAT)
                // No two makers have one name, nor, but by a chance of 2^-62, one byte.
                _ = try lock.take(byte: Self.byte(of: maker))
                claim.lock = consume lock
            }
            claim.count += 1
            return "\(maker)-\(claim.count).jsonl"
        }
    }

    /// Which byte of the state folder's lock stands for the maker of a copy; no disk has so many.
    static func byte(ofMakerOf name: String) -> Int64 {
        byte(of: String(name.prefix { $0 != "-" && $0 != "." }))
    }

    private static func byte(of maker: String) -> Int64 {
        Int64(XXH3.digest(Array(maker.utf8)).low >> 2)
    }
}

extension StateDirectory {
    /// Removes copies that no job needs any more, unless whoever makes them is still alive.
    ///
    /// - Parameter names: of the copies that jobs need.
    func removeAbandonedCopies(keeping names: Set<String>) {
        let folder = Self.spools(path)
        for name in (try? Files.names(in: folder)) ?? [] where !names.contains(name) {
            // What cannot be told, or removed, now is tried again at the next start.
            guard (try? lock?.isTaken(byte: InputCopies.byte(ofMakerOf: name))) == false else {
                continue
            }
            try? Files.remove("\(folder)/\(name)")
        }
    }
}
