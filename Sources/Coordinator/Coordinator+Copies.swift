import Ledger
import Platform

/// How plain copies of inputs that are gone come back: the folder was restored from a backup.
extension Coordinator {
    /// Whether this is a job that has not ended and lacks a plain copy which it reads.
    ///
    /// Any thread.
    package func lacksCopies(
        _ specification: JobSpecification
    ) throws(CoordinatorError) -> Bool {
        let identity = CanonicalJSON.encode(specification.identity)
        let row = try look { (ledger) throws(LedgerError) in
            try ledger.latestRow(identity: identity)
        }
        guard let row, !row.state.isFinal else { return false }
        return try self.specification(of: row).inputs.contains { input in
            input.spool.map { !isThere($0) } ?? false
        }
    }

    /// Has copies that were made now stand in for those of a known job, where the bytes are theirs.
    ///
    /// They take over the names of the old ones, so that the job's row stays as it is.
    func adoptCopies(
        of new: JobSpecification,
        for known: JobSpecification
    ) throws(CoordinatorError) {
        var isAnyMoved = false
        for (old, now) in zip(known.inputs, new.inputs) {
            guard let kept = old.spool, let made = now.spool, made.name != kept.name else {
                continue
            }
            let isThere = isThere(kept)
            guard made.holdsSame(as: kept) else {
                if isThere { continue }
                let detail = "its plain bytes are others than before"
                throw .input(.changed(path: old.path, detail: detail))
            }
            // Of a job that names no digest, nothing but a loss makes up for trusting the size.
            guard !isThere || kept.digest != nil, self.isThere(made) else { continue }
            try CoordinatorError.wrap { () throws(SystemCallError) in
                let place = kept.path(in: directory.path)
                try Files.rename(made.path(in: directory.path), to: place)
            }
            isAnyMoved = true
        }
        guard isAnyMoved else { return }
        try CoordinatorError.wrap { () throws(SystemCallError) in
            try Files.synchronizeDirectory(StateDirectory.spools(directory.path))
        }
    }

    /// Whether a copy is in its place, as far as its size tells.
    private func isThere(_ copy: JobSpecification.Spool) -> Bool {
        let path = copy.path(in: directory.path)
        return (try? FileDescriptor.regular(path).status().byteCount) == copy.byteCount
    }
}

extension JobSpecification.Spool {
    /// Whether the bytes are those of another copy; of an older one only their number is known.
    fileprivate func holdsSame(as other: Self) -> Bool {
        byteCount == other.byteCount && (other.digest == nil || digest == other.digest)
    }
}
