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

    /// The status by which a client tells what may succeed later from what must be mended.
    private static func refusal(_ error: CoordinatorError) -> GatewayError {
        switch error {
        case .diskFull:
            .problem(status: 507, code: "disk_full", message: error.description)
        default: .problem(status: 409, code: "refused", message: error.description)
        }
    }
}
