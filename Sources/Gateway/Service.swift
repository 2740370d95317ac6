import CMicroHTTPD

/// What libmicrohttpd calls back: it gathers each request, asks the router and queues the answer.
///
/// All calls come on the daemon's one thread.
final class Service: Sendable {
    private let router: Router
    private let bodyLimit: Int

    init(router: Router, bodyLimit: Int) {
        self.router = router
        self.bodyLimit = bodyLimit
    }

    /// A request while it comes in.
    private final class Exchange {
        let target: String
        var hasHeaders = false
        var body: [UInt8] = []
        var isTooLarge = false

        init(target: String) { self.target = target }
    }

    /// Makes the state of a request, of which only the undecoded target is known as yet.
    static let begin:
        @convention(c) (
            UnsafeMutableRawPointer?, UnsafePointer<CChar>?, OpaquePointer?
        ) -> UnsafeMutableRawPointer? = { _, target, _ in
            let exchange = Exchange(target: target.map { String(cString: $0) } ?? "")
            return Unmanaged.passRetained(exchange).toOpaque()
        }

    /// Frees the state of a request, answered or broken off.
    static let end: MHD_RequestCompletedCallback = { _, _, state, _ in
        guard let state, let exchange = state.pointee else { return }
        Unmanaged<Exchange>.fromOpaque(exchange).release()
        state.pointee = nil
    }

    /// Takes what has come of a request: first its headers, then pieces of its body, then its end.
    static let handle: MHD_AccessHandlerCallback = {
        context,
        connection,
        _,
        method,
        _,
        bytes,
        byteCount,
        state in
        guard let context, let connection, let method, let byteCount, let state = state?.pointee
        else { return kennel_mhd_no }
        let service = Unmanaged<Service>.fromOpaque(context).takeUnretainedValue()
        let exchange = Unmanaged<Exchange>.fromOpaque(state).takeUnretainedValue()
        if !exchange.hasHeaders {
            exchange.hasHeaders = true
            return service.takeHeaders(connection, exchange)
        }
        if byteCount.pointee > 0 {
            service.takeBody(
                UnsafeRawBufferPointer(start: bytes, count: byteCount.pointee),
                exchange
            )
            byteCount.pointee = 0
            return kennel_mhd_yes
        }
        return service.answer(exchange, method: String(cString: method), on: connection)
    }

    /// Refuses a body that is announced as too large, if the client waits to be told.
    ///
    /// Of other clients the body is read and dropped: an answer to one that is still writing would
    /// be lost when the connection closes.
    private func takeHeaders(_ connection: OpaquePointer, _ exchange: Exchange) -> MHD_Result {
        let length = kennel_mhd_header(connection, "Content-Length")
        let announced = length.flatMap { Int(String(cString: $0)) } ?? 0
        exchange.isTooLarge = announced > bodyLimit
        let waits = kennel_mhd_header(connection, "Expect") != nil
        return exchange.isTooLarge && waits ? queue(tooLarge, on: connection) : kennel_mhd_yes
    }

    private func takeBody(_ bytes: UnsafeRawBufferPointer, _ exchange: Exchange) {
        if bytes.count > bodyLimit - exchange.body.count { exchange.isTooLarge = true }
        if exchange.isTooLarge { exchange.body = [] } else { exchange.body += bytes }
    }

    private func answer(
        _ exchange: Exchange,
        method: String,
        on connection: OpaquePointer
    ) -> MHD_Result {
        if exchange.isTooLarge { return queue(tooLarge, on: connection) }
        do throws(GatewayError) {
            let request = try HTTPRequest(
                method: method,
                target: exchange.target,
                body: exchange.body
            )
            return queue(router.respond(to: request), on: connection)
        } catch {
            return queue(HTTPResponse(error), on: connection)
        }
    }

    private var tooLarge: HTTPResponse {
        .problem(
            status: 413,
            code: "body_too_large",
            message: "the request's body has more than the \(bodyLimit) bytes that are taken"
        )
    }

    /// Hands an answer to the daemon; a failure for want of memory closes the connection.
    private func queue(_ response: HTTPResponse, on connection: OpaquePointer) -> MHD_Result {
        var body = response.body
        let queued = body.withUnsafeMutableBytes { bytes in
            kennel_mhd_response(bytes.count, bytes.baseAddress)
        }
        guard let queued else { return kennel_mhd_no }
        defer { MHD_destroy_response(queued) }
        MHD_add_response_header(queued, "Content-Type", response.contentType)
        for (name, value) in response.headers { MHD_add_response_header(queued, name, value) }
        return MHD_queue_response(connection, UInt32(response.status), queued)
    }
}
