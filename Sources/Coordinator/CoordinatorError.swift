package import Ledger
package import Platform
package import Scheduling
package import Wire

/// Why a coordinator cannot start, take a job, or go on.
package enum CoordinatorError: Error, CustomStringConvertible {
    /// Another process works in the state folder.
    case stateLocked(path: String)
    /// The state folder lies on a network file system, where locks and syncs cannot be trusted.
    case networkFileSystem(path: String)
    /// Others than this user may write to the state folder.
    case foreignState(path: String, String)
    /// A file could not be used.
    case file(SystemCallError)
    /// The ledger could not be used.
    case ledger(LedgerError)
    /// The socket could not be used.
    case wire(WireError)
    /// The state folder belongs to another job.
    case otherJob(path: String, differences: [String])
    /// The output exists and is not this job's.
    case outputExists(path: String, flag: String)
    /// The disk of an output has no room for it now.
    case noRoom(folder: String, flag: String, SystemCallError)
    /// An output could not be written.
    case output(SystemCallError)
    /// Another job will write the same file.
    case targetTaken(path: String, job: JobID)
    /// Another job still reads the file that would be written.
    case targetIsInput(path: String, job: JobID)
    /// A job that is done was asked for rejects that it was not to keep.
    case doneWithoutRejects(output: String)
    /// The same of a job whose output is being written.
    case publishingWithoutRejects(output: String)
    /// A submission holds a value that no command would send.
    case badJob(field: String, expected: String, got: String)
    /// An input is not any more what it was.
    case input(InputError)
    /// The model's path and the job's options together are longer than a message may be.
    case taskTooLong(byteCount: Int)
    /// The disk takes no writes; with the ledger's sentence.
    case diskFull(String)
    /// The same for a wish that is kept, and comes true as soon as there is room.
    case waitsForRoom(String)
    /// No job has this name, or none has any more.
    case noJob(String)
    /// A job is not in a state in which a wish can come true.
    case unfitJob(String, reason: String)
    /// A job was in another state, or the disk had room again, whenever it was looked at.
    case jobInMotion(String)
    /// One backup is being made, and there is one at a time.
    case backupAtWork
    /// The coordinator ended while it was asked; its reason and the exit code that fits.
    case ended(String, exitCode: Int32)

    /// The failure as one sentence for people: what was wrong, where, and what to do.
    package var description: String {
        switch self {
        case .stateLocked(let path):
            "another kennel works in the state folder \(path); wait for it, or stop it"
        case .networkFileSystem(let path):
            "the state folder \(path) lies on a network file system, where a ledger is not safe; "
                + "name a local folder with --state"
        case .foreignState(let path, let reason): "the state folder \(path) \(reason)"
        case .file(let error): error.description
        case .ledger(let error): error.description
        case .wire(let error): error.description
        case .otherJob(let path, let differences):
            "the state folder \(path) holds another job: \(differences.joined(separator: ", ")); "
                + "name another --state or --output, or remove that folder to start anew"
        case .outputExists(let path, let flag):
            "\(path) exists and is not this job's; "
                + "name another \(flag), or replace it with --force"
        case .noRoom(let folder, let flag, let error):
            "there is no room for \(flag) in \(folder) (\(error)); make room on its disk"
        case .output(let error):
            "\(error); the answers are kept: mend it and run the same command again"
        case .targetTaken(let path, let job):
            "\(path) is a file that job \(job) will write; name another, or wait for its end"
        case .targetIsInput(let path, let job):
            "\(path) is an input of job \(job); name another, or wait for its end"
        case .doneWithoutRejects(let output):
            "the job is done, its answers are in \(output), and these --rejects were not asked "
                + "for then; run it anew with --force"
        case .publishingWithoutRejects(let output):
            "the job is answered, \(output) is being written, and these --rejects were not asked "
                + "for before; wait for its end, then run it anew with --force"
        case .badJob(let field, let expected, let got):
            "the job's \(field) must be \(expected), but is \(got)"
        case .input(let error): error.description
        case .taskTooLong(let byteCount):
            "the model's path and the task's options take \(byteCount) bytes together, at most "
                + "\(WireLimits.taskBytesMax) may be sent; shorten the path, carry fewer fields, "
                + "or give fewer choices and stop texts"
        case .diskFull(let reason): "no job is taken in or resumed: \(reason), and ask again"
        case .waitsForRoom(let reason): "it is done as soon as there is room: \(reason)"
        case .noJob(let id): "the coordinator has no job \(id); kennel status lists the latest"
        case .unfitJob(let id, let reason): "job \(id) \(reason)"
        case .jobInMotion(let id):
            "the state of job \(id), or the room on the disk, changed meanwhile; ask again"
        case .backupAtWork: "a backup is being made; wait for its end, and ask again"
        case .ended(let reason, _): reason
        }
    }

    /// Whether nothing is wrong but that connections have taken all descriptors for now.
    var isPassing: Bool {
        switch self {
        case .file(let error), .output(let error): error.isOutOfDescriptors
        default: false
        }
    }

    /// The exit code of sysexits(3) that fits.
    package var exitCode: Int32 {
        switch self {
        case .stateLocked: 73
        case .ledger(let error) where error.isDamage: 76
        case .ledger(.occupied): 2
        case .ledger(let error) where error.isFull: 75
        case .ledger, .file, .output: 74
        case .networkFileSystem, .foreignState, .wire: 78
        case .otherJob, .outputExists, .targetTaken, .targetIsInput,
            .doneWithoutRejects, .publishingWithoutRejects:
            2
        case .badJob, .taskTooLong, .input, .noJob, .unfitJob: 2
        case .noRoom, .diskFull, .waitsForRoom, .jobInMotion, .backupAtWork: 75
        case .ended(_, let exitCode): exitCode
        }
    }

    /// Runs file work and gives its failure as the coordinator's.
    static func wrap<Value: ~Copyable>(
        _ body: () throws(SystemCallError) -> Value
    ) throws(CoordinatorError) -> Value {
        do throws(SystemCallError) {
            return try body()
        } catch {
            throw .file(error)
        }
    }

    /// Opens a file for the coordinator.
    static func open(
        _ path: String,
        flags: Int32,
        mode: UInt32 = 0o600
    ) throws(CoordinatorError) -> FileDescriptor {
        try wrap { () throws(SystemCallError) in
            try FileDescriptor(opening: path, flags: flags, mode: mode)
        }
    }
}
