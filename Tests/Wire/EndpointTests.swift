import Testing
import Wire

@Suite("Endpoints") struct EndpointTests {
    @Test(
        "a coordinator listens on this machine",
        arguments: [
            ("tcp://127.0.0.1:5750", "tcp://127.0.0.1:5750"),
            ("tcp://127.0.0.1:*", "tcp://127.0.0.1:*"),
            ("tcp://localhost:80", "tcp://127.0.0.1:80"),
            ("tcp://[::1]:65535", "tcp://[::1]:65535"),
        ]
    )
    func listening(text: String, spelled: String) throws {
        #expect(try Endpoint.listening(text).description == spelled)
    }

    @Test(
        "a coordinator listens nowhere else, and says what to use instead",
        arguments: [
            "tcp://0.0.0.0:5750", "tcp://*:5750", "tcp://192.168.0.7:5750", "tcp://[::]:5750",
            "tcp://eth0:5750", "tcp://127.0.0.1.example.org:5750", "tcp://example.org:5750",
            "tcp://::1:5750",
        ]
    )
    func otherMachines(text: String) {
        let error = #expect(throws: WireError.self) { _ = try Endpoint.listening(text) }
        #expect(error?.description.contains(text) == true)
        #expect(error?.description.contains("use tcp://127.0.0.1:5750") == true)
    }

    @Test(
        "what is no address is refused with the form that is expected",
        arguments: [
            "", ":", "tcp", "tcp:", "tcp://", "tcp://:", "tcp://:5750", "tcp://localhost",
            "tcp://127.0.0.1:", "tcp://127.0.0.1:65536", "tcp://127.0.0.1:-1",
            "tcp://127.0.0.1:+80", "tcp://127.0.0.1:80 ", "tcp://127.0.0.1:http",
            "127.0.0.1:5750", "ipc:///run/kennel:1", "inproc://kennel:1", "TCP://127.0.0.1:1",
        ]
    )
    func noAddress(text: String) {
        let listening = #expect(throws: WireError.self) { _ = try Endpoint.listening(text) }
        #expect(listening?.description.contains("expected tcp://HOST:PORT") == true)
        let connecting = #expect(throws: WireError.self) { _ = try Endpoint.connecting(text) }
        #expect(connecting?.description.contains("expected tcp://HOST:PORT") == true)
    }

    @Test("a worker connects to any host, but only to a port with a number")
    func connecting() throws {
        for text in ["tcp://example.org:5750", "tcp://10.0.0.1:1", "tcp://[::1]:5750"] {
            #expect(try Endpoint.connecting(text).description == text)
        }
        let error = #expect(throws: WireError.self) {
            _ = try Endpoint.connecting("tcp://127.0.0.1:*")
        }
        #expect(error?.description.contains("expected tcp://HOST:PORT") == true)
    }
}
