extension WorkerMessage {
    /// Numbers on the wire; 9 is kept for asking for a model's pieces.
    private enum Kind: UInt16 {
        case hello = 1
        case heartbeat, credit, resultChunk, resultEnd, fail, inputAck
        case release = 10
        case bye

        var hasLease: Bool { hasPayload || self == .fail || self == .inputAck }
        var hasPayload: Bool { self == .resultChunk || self == .resultEnd }
    }

    /// The message as its two frames.
    package func encode(_ envelope: Envelope) -> Frames {
        func frames(
            _ kind: Kind,
            lease: UInt64 = 0,
            payload: [UInt8] = [],
            _ fields: (inout ByteWriter) -> Void = { _ in }
        ) -> Frames {
            FixedHeader(type: kind.rawValue, envelope: envelope, lease: lease)
                .frames(payload: payload, fields: fields)
        }
        switch self {
        case .hello(let hello):
            return frames(.hello) { hello.write(to: &$0) }
        case .heartbeat(let heartbeat):
            return frames(.heartbeat) { heartbeat.write(to: &$0) }
        case .credit(let total):
            return frames(.credit) { $0.append(total) }
        case .resultChunk(let lease, let offset, let bytes):
            return frames(.resultChunk, lease: lease, payload: bytes) { $0.append(offset) }
        case .resultEnd(let end):
            return frames(.resultEnd, lease: end.lease, payload: end.bytes) { end.write(to: &$0) }
        case .fail(let lease, let failure, let record, let text):
            return frames(.fail, lease: lease) {
                $0.append(failure.rawValue)
                $0.append(record)
                $0.append(cut: text)
            }
        case .inputAck(let lease, let nextOffset):
            return frames(.inputAck, lease: lease) { $0.append(nextOffset) }
        case .release(let leases):
            return frames(.release) { $0.append(leases) { $0.append($1) } }
        case .bye(let reason):
            return frames(.bye) { $0.append(reason) }
        }
    }

    /// Reads a message; whatever is wrong with it is an error, never a crash.
    package static func decode(
        _ frames: Frames
    ) throws(WireError) -> (Envelope, WorkerMessage) {
        var (header, reader) = try FixedHeader.read(frames)
        guard let kind = Kind(rawValue: header.type) else {
            throw .badValue(field: "type", expected: "a worker's message", got: "\(header.type)")
        }
        try header.check(
            hasLease: kind.hasLease,
            hasPayload: kind.hasPayload,
            payload: frames.payload
        )
        let message: WorkerMessage
        switch kind {
        case .hello:
            message = .hello(try Hello(&reader))
        case .heartbeat:
            message = .heartbeat(try Heartbeat(&reader))
        case .credit:
            message = .credit(total: try reader.integer("total"))
        case .resultChunk:
            message = .resultChunk(
                lease: header.lease,
                offset: try reader.integer("offset"),
                bytes: frames.payload
            )
        case .resultEnd:
            message = .resultEnd(
                try ResultEnd(&reader, lease: header.lease, bytes: frames.payload)
            )
        case .fail:
            let value: UInt8 = try reader.integer("class")
            guard let failure = FailureClass(rawValue: value) else {
                throw .badValue(field: "class", expected: "1 to 6", got: "\(value)")
            }
            message = .fail(
                lease: header.lease,
                failure,
                record: try reader.integer("record"),
                text: try reader.text("text")
            )
        case .inputAck:
            message = .inputAck(lease: header.lease, nextOffset: try reader.integer("next offset"))
        case .release:
            message = .release(
                try reader.list("leases") { (reader) throws(WireError) in
                    try reader.integer("lease", as: UInt64.self)
                }
            )
        case .bye:
            message = .bye(reason: try reader.text("reason"))
        }
        try reader.finish()
        return (header.envelope, message)
    }
}

extension Hello {
    fileprivate func write(to writer: inout ByteWriter) {
        writer.append(versionMin)
        writer.append(versionMax)
        writer.append(build)
        writer.append(machineID)
        writer.append(bootID)
        writer.append(instance)
        writer.append(cores)
        writer.append(memoryMiB)
        writer.append(models) { $0.append($1) }
        writer.append(slots)
        writer.append(held) {
            $0.append($1.lease)
            $0.append($1.isDone)
        }
    }

    fileprivate init(_ reader: inout ByteReader) throws(WireError) {
        self.init(
            versionMin: try reader.integer("protocol min"),
            versionMax: try reader.integer("protocol max"),
            build: try reader.text("build"),
            machineID: try reader.text("machine id"),
            bootID: try reader.text("boot id"),
            instance: try reader.text("instance"),
            cores: try reader.integer("cores"),
            memoryMiB: try reader.integer("memory"),
            models: try reader.list("models") { (reader) throws(WireError) in
                try reader.text("model")
            },
            slots: try reader.integer("slots"),
            held: try reader.list("held") { (reader) throws(WireError) in
                HeldLease(
                    lease: try reader.integer("lease"),
                    isDone: try reader.flag("state")
                )
            }
        )
    }
}

extension Heartbeat {
    fileprivate func write(to writer: inout ByteWriter) {
        writer.append(isDraining)
        writer.append(residentMiB)
        writer.append(held) {
            $0.append($1.lease)
            $0.append($1.records)
            $0.append($1.tokens)
        }
    }

    fileprivate init(_ reader: inout ByteReader) throws(WireError) {
        self.init(
            isDraining: try reader.flag("draining"),
            residentMiB: try reader.integer("resident memory"),
            held: try reader.list("held") { (reader) throws(WireError) in
                HeldProgress(
                    lease: try reader.integer("lease"),
                    records: try reader.integer("records"),
                    tokens: try reader.integer("tokens")
                )
            }
        )
    }
}

extension ResultEnd {
    fileprivate func write(to writer: inout ByteWriter) {
        writer.append(records)
        writer.append(failedRecords)
        writer.append(tokens)
        writer.append(byteCount)
        writer.append(digestHigh)
        writer.append(digestLow)
    }

    fileprivate init(
        _ reader: inout ByteReader,
        lease: UInt64,
        bytes: [UInt8]
    ) throws(WireError) {
        self.init(
            lease: lease,
            records: try reader.integer("records"),
            failedRecords: try reader.integer("failed records"),
            tokens: try reader.integer("tokens"),
            byteCount: try reader.integer("byte count"),
            digestHigh: try reader.integer("digest"),
            digestLow: try reader.integer("digest"),
            bytes: bytes
        )
    }
}
