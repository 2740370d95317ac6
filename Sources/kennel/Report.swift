import CommandLine
import Scheduling

/// What is said at the end of a job.
enum Report {
    static func sentence(_ progress: JobProgress, output: String) -> String {
        sentence(records: progress.records, failed: progress.failedRecords, output: output)
    }

    static func sentence(records: Int, failed: Int, output: String) -> String {
        let answers = "\(Quantity.counted(records, "answer")) in \(output)"
        guard failed > 0 else { return answers }
        return "\(answers), \(Quantity.grouped(failed)) of them errors"
    }
}
