/// An address at which a coordinator listens.
package struct Endpoint: Equatable, Sendable, CustomStringConvertible {
    /// As libzmq spells it: tcp://host:port, where port may be * for any.
    package let description: String

    /// An endpoint to listen on: only this machine, until peers can prove who they are.
    package static func listening(_ text: String) throws(WireError) -> Endpoint {
        let host = try host(of: text)
        guard ["127.0.0.1", "[::1]", "localhost"].contains(host) else {
            throw .badEndpoint(
                text,
                reason: "without keys a coordinator listens on this machine only; "
                    + "use tcp://127.0.0.1:5750"
            )
        }
        return Endpoint(description: text.replacing(prefix: "tcp://localhost:"))
    }

    /// An endpoint to connect to.
    package static func connecting(_ text: String) throws(WireError) -> Endpoint {
        _ = try host(of: text)
        guard !text.hasSuffix(":*") else {
            throw .badEndpoint(text, reason: "expected tcp://HOST:PORT with a port's number")
        }
        return Endpoint(description: text)
    }

    private static func host(of text: String) throws(WireError) -> String {
        let address = text.dropFirst("tcp://".count)
        guard text.hasPrefix("tcp://"), let colon = address.lastIndex(of: ":") else {
            throw .badEndpoint(text, reason: "expected tcp://HOST:PORT")
        }
        let host = address[..<colon]
        let port = address[address.index(after: colon)...]
        // A sign would make a number, but no port.
        let isNumber = UInt16(port) != nil && port.first?.isNumber == true
        guard !host.isEmpty, port == "*" || isNumber else {
            throw .badEndpoint(text, reason: "expected tcp://HOST:PORT with a port up to 65535")
        }
        return String(host)
    }
}

extension String {
    /// libzmq binds to addresses and interfaces, not to names.
    fileprivate func replacing(prefix: String) -> String {
        hasPrefix(prefix) ? "tcp://127.0.0.1:" + dropFirst(prefix.count) : self
    }
}
