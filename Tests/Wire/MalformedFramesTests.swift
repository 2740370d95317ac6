import Testing

@testable import Wire

@Suite("Frames that are no message") struct MalformedFramesTests {
    @Test("a header that is cut anywhere is refused") func truncation() {
        expectTruncationsRefused(WorkerMessage.self)
        expectTruncationsRefused(CoordinatorMessage.self)
    }

    @Test("bytes behind the last field are refused") func trailingBytes() {
        for var frames in WorkerMessage.smallFrames {
            frames.header += [0, 0, 0]
            #expect(WorkerMessage.refusal(frames) == .trailingBytes(count: 3))
        }
        for var frames in CoordinatorMessage.smallFrames {
            frames.header.append(1)
            #expect(CoordinatorMessage.refusal(frames) == .trailingBytes(count: 1))
        }
    }

    @Test(
        "a wrong magic, protocol or type is refused by the field's name",
        arguments: [("magic", 0), ("magic", 3), ("protocol", 4), ("protocol", 5), ("type", 7)]
    )
    func wrongFixedField(field: String, offset: Int) {
        for var frames in WorkerMessage.smallFrames {
            frames.header[offset] ^= 0x40
            guard case .badValue(field, _, _) = WorkerMessage.refusal(frames) else {
                Issue.record("byte \(offset) was taken for a good \(field)")
                return
            }
        }
    }

    @Test("the protocol before and the one after this one are refused", arguments: [0, 2])
    func otherProtocol(version: UInt8) {
        var frames = CoordinatorMessage.resync.encode(Sample.envelope)
        frames.header[4] = version
        #expect(
            CoordinatorMessage.refusal(frames)
                == .badValue(field: "protocol", expected: "1", got: "\(version)")
        )
    }

    @Test("a payload with another checksum or length than announced is refused")
    func payloadMismatch() {
        let message = WorkerMessage.resultChunk(lease: 1, offset: 0, bytes: Array(0..<100))
        let good = message.encode(Sample.envelope)
        var damaged = good
        damaged.payload[50] ^= 1
        var shorter = good
        shorter.payload.removeLast()
        var longer = good
        longer.payload.append(0)
        var announced = good
        announced.header[48] = 99
        for frames in [damaged, shorter, longer, announced] {
            guard case .payloadMismatch = WorkerMessage.refusal(frames) else {
                Issue.record("a payload was taken that is not the one announced")
                return
            }
        }
    }

    @Test("a payload or a header above its limit is refused") func overLimit() {
        var frames = WorkerMessage.resultChunk(lease: 1, offset: 0, bytes: Sample.full)
            .encode(Sample.envelope)
        frames.payload.append(0)
        frames.header.replaceSubrange(48..<52, with: [1, 0, 4, 0])
        let sum = withUnsafeBytes(of: checksum(frames.payload).littleEndian) { Array($0) }
        frames.header.replaceSubrange(52..<56, with: sum)
        #expect(WorkerMessage.refusal(frames) != nil)
        frames = WorkerMessage.credit(total: 1).encode(Sample.envelope)
        frames.header += [UInt8](repeating: 0, count: WireLimits.headerBytesMax)
        guard case .badValue("header", _, _) = WorkerMessage.refusal(frames) else {
            Issue.record("a header above 4 KiB was read")
            return
        }
    }

    @Test("a list that names more leases than it may is refused") func longList() {
        var frames = WorkerMessage.release(Sample.leases).encode(Sample.envelope)
        frames.header[56] += 1
        frames.header += [UInt8](repeating: 0, count: 8)
        guard case .badValue("leases", _, _) = WorkerMessage.refusal(frames) else {
            Issue.record("a list above its limit was read")
            return
        }
    }

    @Test("a text that is not UTF-8 is refused") func brokenText() {
        var frames = WorkerMessage.bye(reason: "été").encode(Sample.envelope)
        frames.header[59] = 0x28
        guard case .badValue("reason", _, _) = WorkerMessage.refusal(frames) else {
            Issue.record("broken UTF-8 was read as text")
            return
        }
    }

    @Test("a message of the other direction is refused") func otherDirection() {
        for frames in WorkerMessage.smallFrames {
            #expect(CoordinatorMessage.refusal(frames) != nil)
        }
        for frames in CoordinatorMessage.smallFrames {
            #expect(WorkerMessage.refusal(frames) != nil)
        }
    }

    @Test("a payload or a lease on a message that has none is refused")
    func foreignParts() {
        var payload = WorkerMessage.resultChunk(lease: 0, offset: 5, bytes: [1, 2, 3])
            .encode(Sample.envelope)
        payload.header[6] = 3
        #expect(WorkerMessage.refusal(payload) != nil, "credit with a payload")
        var lease = WorkerMessage.inputAck(lease: 9, nextOffset: 5).encode(Sample.envelope)
        lease.header[6] = 3
        #expect(WorkerMessage.refusal(lease) != nil, "credit with a lease")
        var cancel = CoordinatorMessage.cancel(lease: 9).encode(Sample.envelope)
        cancel.header[6] = 110
        #expect(CoordinatorMessage.refusal(cancel) != nil, "resync with a lease")
    }

    private func expectTruncationsRefused(_ type: (some CodedMessage).Type) {
        for frames in type.smallFrames {
            let kept = frames.header.indices.filter { count in
                let cut = Frames(header: Array(frames.header[..<count]), payload: frames.payload)
                return type.refusal(cut) == nil
            }
            #expect(kept.isEmpty, "type \(frames.header[6]) was read from \(kept) bytes")
        }
    }
}

extension CodedMessage {
    /// The frames of all samples but those with a full payload, which say nothing more here.
    static var smallFrames: [Frames] {
        samples.map { $0.encode(Sample.envelope) }.filter { $0.payload.count < 1000 }
    }

    /// Why frames are refused; nil where they are a message.
    static func refusal(_ frames: Frames) -> WireError? {
        do throws(WireError) {
            _ = try decode(frames)
            return nil
        } catch {
            return error
        }
    }
}
