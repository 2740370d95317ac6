import CCurl
import Glibc

/// Owns a libcurl handle for one request over a Unix socket, used by one thread.
struct CurlCall: ~Copyable {
    /// The most bytes of an answer; the control plane tells of jobs and never carries results.
    private static let answerLimit = 64 << 20
    /// Set up once for the process, by whichever thread comes first.
    private static let isReady = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

    private let handle: UnsafeMutableRawPointer
    private let address: SocketAddress
    private let timeoutSeconds: Int

    init(address: SocketAddress, timeoutSeconds: Int) throws(GatewayError) {
        guard Self.isReady, let handle = curl_easy_init() else {
            throw .system(call: "curl_easy_init", path: address.path, errno: ENOMEM)
        }
        self.handle = handle
        self.address = address
        self.timeoutSeconds = timeoutSeconds
    }

    deinit { curl_easy_cleanup(handle) }

    /// Sends a request and returns its answer, whatever its status.
    consuming func perform(
        _ method: String,
        _ path: String,
        body: [UInt8]?
    ) throws(GatewayError) -> HTTPResponse {
        precondition(path.hasPrefix("/"), "the path \(path) does not begin with a slash")
        let headers = curl_slist_append(nil, "Content-Type: application/json")
        defer { curl_slist_free_all(headers) }
        let sink = Sink(limit: Self.answerLimit)
        try configure(method, path, sink: sink, headers: headers)
        // libcurl borrows the body until the request is over.
        let code = withExtendedLifetime(sink) {
            guard let body else { return curl_easy_perform(handle) }
            // A zero at the end gives an empty body an address: without one, libcurl reads stdin.
            return (body + [0]).withUnsafeBytes { bytes in
                let start = bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
                kennel_curl_set_long(handle, CURLOPT_POST, 1)
                kennel_curl_set_offset(handle, CURLOPT_POSTFIELDSIZE_LARGE, body.count)
                kennel_curl_set_string(handle, CURLOPT_POSTFIELDS, start)
                return curl_easy_perform(handle)
            }
        }
        if code != CURLE_OK { throw failure(code, sink) }
        return answer(sink)
    }

    private borrowing func configure(
        _ method: String,
        _ path: String,
        sink: Sink,
        headers: UnsafeMutablePointer<curl_slist>?
    ) throws(GatewayError) {
        let context = Unmanaged.passUnretained(sink).toOpaque()
        let codes = [
            kennel_curl_set_string(handle, CURLOPT_UNIX_SOCKET_PATH, address.path),
            // The name is never looked up; it stands in the Host header.
            kennel_curl_set_string(handle, CURLOPT_URL, "http://localhost\(path)"),
            kennel_curl_set_string(handle, CURLOPT_CUSTOMREQUEST, method),
            // A proxy in the environment is not for us.
            kennel_curl_set_string(handle, CURLOPT_PROXY, ""),
            kennel_curl_set_long(handle, CURLOPT_PATH_AS_IS, 1),
            kennel_curl_set_long(handle, CURLOPT_NOSIGNAL, 1),
            kennel_curl_set_long(handle, CURLOPT_TIMEOUT, timeoutSeconds),
            kennel_curl_set_list(handle, CURLOPT_HTTPHEADER, headers),
            kennel_curl_set_sink(handle, Sink.take, context),
        ]
        if let code = codes.first(where: { $0 != CURLE_OK }) { throw failure(code, sink) }
    }

    private borrowing func answer(_ sink: Sink) -> HTTPResponse {
        var status = 0
        kennel_curl_get_long(handle, CURLINFO_RESPONSE_CODE, &status)
        var type: UnsafePointer<CChar>?
        kennel_curl_get_string(handle, CURLINFO_CONTENT_TYPE, &type)
        let contentType = type.map { String(cString: $0) } ?? ""
        return HTTPResponse(status: status, body: sink.bytes, contentType: contentType)
    }

    private borrowing func failure(_ code: CURLcode, _ sink: Sink) -> GatewayError {
        let path = address.path
        switch code {
        case CURLE_COULDNT_CONNECT:
            var number = 0
            kennel_curl_get_long(handle, CURLINFO_OS_ERRNO, &number)
            let isAbsent = [0, Int(ENOENT), Int(ECONNREFUSED)].contains(number)
            return isAbsent
                ? .noCoordinator(path: path)
                : .system(call: "connect", path: path, errno: Int32(truncatingIfNeeded: number))
        case CURLE_OPERATION_TIMEDOUT:
            return .brokenExchange(path: path, reason: "\(timeoutSeconds) seconds passed")
        case CURLE_WRITE_ERROR where sink.isFull:
            let reason = "its answer has more than \(Self.answerLimit) bytes"
            return .brokenExchange(path: path, reason: reason)
        default:
            let reason = String(cString: curl_easy_strerror(code))
            return .brokenExchange(path: path, reason: reason)
        }
    }
}

/// Gathers an answer's body, up to a limit.
private final class Sink {
    let limit: Int
    var bytes: [UInt8] = []
    var isFull = false

    init(limit: Int) { self.limit = limit }

    /// Takes a piece of the body; to take less than there is makes libcurl give up.
    static let take: curl_write_callback = { start, size, count, context in
        guard let context else { return 0 }
        let sink = Unmanaged<Sink>.fromOpaque(context).takeUnretainedValue()
        let piece = UnsafeRawBufferPointer(start: start, count: size * count)
        sink.isFull = piece.count > sink.limit - sink.bytes.count
        if sink.isFull { return 0 }
        sink.bytes += piece
        return piece.count
    }
}
