import Testing

@testable import Wire

@Suite("Messages as frames") struct CodingTests {
    @Test("every message of a worker decodes to itself") func workerMessages() throws {
        try expectIdentity(WorkerMessage.self)
    }

    @Test("every message of a coordinator decodes to itself") func coordinatorMessages() throws {
        try expectIdentity(CoordinatorMessage.self)
    }

    @Test("every kind of message has a sample here, and its number on the wire stays")
    func kinds() {
        #expect(types(WorkerMessage.self) == Set([1, 2, 3, 4, 5, 6, 7, 10, 11]))
        #expect(types(CoordinatorMessage.self) == Set([101, 102, 103] + Array(105...112)))
    }

    @Test("a header begins with fixed fields at fixed places, little-endian") func layout() {
        let envelope = Envelope(
            epoch: 0x0807_0605_0403_0201,
            session: WireSession(high: 0x18, low: 0x1920),
            sequence: 0x28
        )
        let message = WorkerMessage.resultChunk(
            lease: 0x30,
            offset: 0x4041,
            bytes: Array("123456789".utf8)
        )
        let frames = message.encode(envelope)
        let zeros = [UInt8](repeating: 0, count: 7)
        var expected = Array("KENL".utf8) + [1, 0, 4, 0] + Array(1...8)
        expected += [0x18] + zeros + [0x20, 0x19] + zeros.dropLast() + [0x28] + zeros
        expected += [0x30] + zeros + [9, 0, 0, 0]
        // The check value of CRC-32C: 0xE3069283.
        expected += [0x83, 0x92, 0x06, 0xE3]
        #expect(expected.count == 56)
        #expect(frames.header == expected + [0x41, 0x40] + zeros.dropLast())
        #expect(frames.payload == Array("123456789".utf8))
    }

    private func types(_ type: (some CodedMessage).Type) -> Set<Int> {
        Set(
            type.samples.map { sample in
                let header = sample.encode(Sample.envelope).header
                return Int(header[6]) | Int(header[7]) << 8
            }
        )
    }

    private func expectIdentity<Message: CodedMessage>(_ type: Message.Type) throws {
        for message in type.samples {
            for envelope in Sample.envelopes {
                let frames = message.encode(envelope)
                let (foundEnvelope, found) = try type.decode(frames)
                #expect(foundEnvelope == envelope)
                let isSame = found == message
                #expect(isSame, "type \(frames.header[6]), \(frames.payload.count) bytes")
                #expect(frames.header.count <= WireLimits.headerBytesMax)
                #expect(frames.payload.count <= WireLimits.payloadBytesMax)
            }
        }
    }
}
