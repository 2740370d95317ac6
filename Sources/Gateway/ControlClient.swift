import CCurl
import Glibc

/// Asks a control server on this machine, by HTTP over its Unix socket.
///
/// Each call makes a connection of its own and blocks until the answer is whole. Any thread may
/// call.
package struct ControlClient: Sendable {
    /// The path of the server's socket.
    package let socketPath: String
    /// The seconds that a call may take as a whole.
    package let timeoutSeconds: Int

    /// Makes a client; nothing is opened before the first call.
    package init(socketPath: String, timeoutSeconds: Int = 30) {
        self.socketPath = socketPath
        self.timeoutSeconds = timeoutSeconds
    }

    /// Gets `path`, which may have a query; its variable parts come from `PercentCoding.encode`.
    ///
    /// A refusal is returned like any answer: `HTTPResponse.value(as:)` and `check()` throw it.
    package func get(_ path: String) throws(GatewayError) -> HTTPResponse {
        try send("GET", path, body: nil)
    }

    /// Posts JSON to `path`.
    package func post(_ path: String, body: [UInt8] = []) throws(GatewayError) -> HTTPResponse {
        try send("POST", path, body: body)
    }

    /// Deletes what lies at `path`.
    package func delete(_ path: String) throws(GatewayError) -> HTTPResponse {
        try send("DELETE", path, body: nil)
    }

    private func send(
        _ method: String,
        _ path: String,
        body: [UInt8]?
    ) throws(GatewayError) -> HTTPResponse {
        let address = try SocketAddress(socketPath)
        let call = try CurlCall(address: address, timeoutSeconds: timeoutSeconds)
        return try call.perform(method, path, body: body)
    }
}
