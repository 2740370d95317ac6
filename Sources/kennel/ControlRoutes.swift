import Coordinator
import Gateway
import Scheduling

/// What a coordinator answers on its control socket.
enum ControlRoutes {
    /// The name of the socket inside the state folder.
    static let socketName = "control.sock"

    /// A job that was taken in.
    struct Submitted: Codable {
        let id: String
        /// Whether the same job was there already.
        let wasKnown: Bool
    }

    /// A wish for a backup.
    struct Backup: Codable {
        /// The folder that shall hold it, from the root.
        let folder: String
    }

    /// How a job is to go on.
    struct Resumption: Codable {
        /// How many error answers it may have; nil where it may have any.
        let maxErrors: ErrorBudget?
    }

    /// The path of a job.
    static func path(of job: String) -> String { "/jobs/\(PercentCoding.encode(job))" }

    /// The routes of one coordinator.
    static func router(of coordinator: Coordinator) -> Router {
        var router = Router()
        router.add("GET", "/status") { _, _ throws(GatewayError) in
            .json(coordinator.status)
        }
        router.add("POST", "/jobs") { request, _ throws(GatewayError) in
            let specification = try request.json(as: JobSpecification.self)
            do throws(CoordinatorError) {
                let (id, wasKnown) = try coordinator.admit(specification)
                return .json(Submitted(id: id.description, wasKnown: wasKnown))
            } catch {
                throw refusal(error)
            }
        }
        addWishes(to: &router, coordinator)
        router.add("GET", "/backup") { _, _ throws(GatewayError) in
            .json(coordinator.backup)
        }
        router.add("POST", "/backup") { request, _ throws(GatewayError) in
            let wish = try request.json(as: Backup.self)
            do throws(CoordinatorError) {
                try coordinator.startBackup(to: wish.folder)
            } catch {
                throw refusal(error)
            }
            return .json(coordinator.backup)
        }
        return router
    }

    /// One job, and what can be wished of it.
    private static func addWishes(to router: inout Router, _ coordinator: Coordinator) {
        add("GET", "/jobs/:job", to: &router) { (id, _) throws(CoordinatorError) in
            try coordinator.job(id)
        }
        add("POST", "/jobs/:job/cancel", to: &router) { (id, _) throws(CoordinatorError) in
            try coordinator.cancel(id)
        }
        add("POST", "/jobs/:job/pause", to: &router) { (id, _) throws(CoordinatorError) in
            try coordinator.pause(id)
        }
        add("POST", "/jobs/:job/resume", to: &router) { (id, wish) throws(CoordinatorError) in
            try coordinator.resume(id, maxErrors: wish.maxErrors)
        }
    }

    /// Adds a route that answers with a job's status.
    private static func add(
        _ method: String,
        _ pattern: String,
        to router: inout Router,
        _ body: @escaping @Sendable (String, Resumption) throws(CoordinatorError) -> JobStatus
    ) {
        router.add(method, pattern) { request, parameters throws(GatewayError) in
            let wish =
                request.body.isEmpty
                ? Resumption(maxErrors: nil) : try request.json(as: Resumption.self)
            do throws(CoordinatorError) {
                return .json(try body(parameters["job"], wish))
            } catch {
                throw refusal(error)
            }
        }
    }

    /// The status by which a client tells what may succeed later from what must be mended.
    private static func refusal(_ error: CoordinatorError) -> GatewayError {
        switch error {
        case .noJob:
            .problem(status: 404, code: "no_job", message: error.description)
        case .diskFull, .waitsForRoom:
            .problem(status: 507, code: "disk_full", message: error.description)
        default: .problem(status: 409, code: "refused", message: error.description)
        }
    }
}
