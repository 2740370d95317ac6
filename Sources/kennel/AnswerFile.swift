import Glibc
import Platform
import Records

/// A file that a job shall write, checked before any work: it must not cost the user another file.
struct AnswerFile {
    /// Absolute.
    let path: String
    private let flag: String
    private let status: stat?

    /// What Linux's file systems take.
    private static let nameBytesMax = 255

    /// - Parameter flag: the option that names the file, for messages.
    init(_ name: String, flag: String, inputs: [InputSource]) throws(CommandFailure) {
        path = Files.absolute(name)
        self.flag = flag
        let folder = Files.directory(of: path)
        guard access(folder, W_OK) == 0 else {
            throw .usage("\(flag) \(path): the folder \(folder) does not exist or is not writable")
        }
        guard (path.split(separator: "/").last ?? "").utf8.count <= Self.nameBytesMax else {
            throw .usage("\(flag) \(path): the name is longer than \(Self.nameBytesMax) bytes")
        }
        status = Self.status(path)
        guard let status else {
            var link = stat()
            guard lstat(path, &link) != 0 else {
                throw .usage("\(flag) \(path) is a link to nothing; name a file to be made")
            }
            return
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw .usage("\(flag) \(path) is no regular file; name a file to be made")
        }
        for input in inputs where Self.isSame(status, Self.status(input.path)) {
            throw .usage("\(flag) \(path) is an input of the job; name another file")
        }
    }

    /// Refuses two options that name one file.
    func check(against other: AnswerFile) throws(CommandFailure) {
        guard path == other.path || Self.isSame(status, other.status) else { return }
        throw .usage("\(flag) and \(other.flag) both name \(path); name two files")
    }

    /// Refuses a place among the model's files, or among those by which a coordinator keeps jobs.
    func check(outsideModel model: String, state: String) throws(CommandFailure) {
        guard !Self.isInside(path, Files.absolute(model)) else {
            throw .usage("\(flag) \(path) is in the model's folder \(model); name another file")
        }
        let state = Files.absolute(state)
        let isKept =
            Self.isInside(path, "\(state)/data") || path.hasPrefix("\(state)/ledger.sqlite")
            || path == "\(state)/\(ControlRoutes.socketName)"
        guard !isKept else {
            throw .usage("\(flag) \(path) is kept by the coordinator itself; name another file")
        }
    }

    /// Whether a file lies in a folder or below it; both without links.
    private static func isInside(_ path: String, _ folder: String) -> Bool {
        path.hasPrefix(folder == "/" ? "/" : "\(folder)/")
    }

    private static func status(_ path: String) -> stat? {
        var status = stat()
        return stat(path, &status) == 0 ? status : nil
    }

    private static func isSame(_ left: stat?, _ right: stat?) -> Bool {
        guard let left, let right else { return false }
        return left.st_dev == right.st_dev && left.st_ino == right.st_ino
    }
}
