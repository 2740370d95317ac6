extension CoordinatorMessage {
    /// Numbers on the wire; 104 is kept for a model's pieces.
    private enum Kind: UInt16 {
        case welcome = 101
        case refuse, assign
        case inputChunk = 105
        case chunkAck, resultAck, cancel, heartbeatAck, resync, fenced, drain

        var hasLease: Bool {
            switch self {
            case .assign, .inputChunk, .chunkAck, .resultAck, .cancel: true
            case .welcome, .refuse, .heartbeatAck, .resync, .fenced, .drain: false
            }
        }
        var hasPayload: Bool { self == .assign || self == .inputChunk }
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
        case .welcome(let welcome):
            return frames(.welcome) { welcome.write(to: &$0) }
        case .refuse(let refusal, let retryAfter, let text):
            return frames(.refuse) {
                $0.append(refusal.rawValue)
                $0.append(retryAfter)
                $0.append(cut: text)
            }
        case .assign(let assign):
            return frames(.assign, lease: assign.lease, payload: assign.bytes) {
                assign.write(to: &$0)
            }
        case .inputChunk(let lease, let offset, let bytes):
            return frames(.inputChunk, lease: lease, payload: bytes) { $0.append(offset) }
        case .chunkAck(let lease, let nextOffset):
            return frames(.chunkAck, lease: lease) { $0.append(nextOffset) }
        case .resultAck(let lease, let outcome):
            return frames(.resultAck, lease: lease) { $0.append(outcome.rawValue) }
        case .cancel(let lease):
            return frames(.cancel, lease: lease)
        case .heartbeatAck(let sequence, let cancel):
            return frames(.heartbeatAck) {
                $0.append(sequence)
                $0.append(cancel) { $0.append($1) }
            }
        case .resync:
            return frames(.resync)
        case .fenced:
            return frames(.fenced)
        case .drain:
            return frames(.drain)
        }
    }

    /// Reads a message; whatever is wrong with it is an error, never a crash.
    package static func decode(
        _ frames: Frames
    ) throws(WireError) -> (Envelope, CoordinatorMessage) {
        var (header, reader) = try FixedHeader.read(frames)
        guard let kind = Kind(rawValue: header.type) else {
            throw .badValue(
                field: "type",
                expected: "a coordinator's message",
                got: "\(header.type)"
            )
        }
        try header.check(
            hasLease: kind.hasLease,
            hasPayload: kind.hasPayload,
            payload: frames.payload
        )
        let message = try body(kind, &reader, lease: header.lease, payload: frames.payload)
        try reader.finish()
        return (header.envelope, message)
    }

    private static func body(
        _ kind: Kind,
        _ reader: inout ByteReader,
        lease: UInt64,
        payload: [UInt8]
    ) throws(WireError) -> CoordinatorMessage {
        switch kind {
        case .welcome:
            return .welcome(try Welcome(&reader))
        case .refuse:
            let refusal: Refusal = try enumeration(&reader, "code")
            return .refuse(
                refusal,
                retryAfterMilliseconds: try reader.integer("retry after"),
                text: try reader.text("text")
            )
        case .assign:
            return .assign(try Assign(&reader, lease: lease, bytes: payload))
        case .inputChunk:
            return .inputChunk(lease: lease, offset: try reader.integer("offset"), bytes: payload)
        case .chunkAck:
            return .chunkAck(lease: lease, nextOffset: try reader.integer("next offset"))
        case .resultAck:
            return .resultAck(lease: lease, try enumeration(&reader, "outcome"))
        case .cancel:
            return .cancel(lease: lease)
        case .heartbeatAck:
            return .heartbeatAck(
                sequence: try reader.integer("sequence"),
                cancel: try reader.list("cancel") { (reader) throws(WireError) in
                    try reader.integer("lease", as: UInt64.self)
                }
            )
        case .resync: return .resync
        case .fenced: return .fenced
        case .drain: return .drain
        }
    }

    private static func enumeration<Value: RawRepresentable<UInt8>>(
        _ reader: inout ByteReader,
        _ field: String
    ) throws(WireError) -> Value {
        let raw: UInt8 = try reader.integer(field)
        guard let value = Value(rawValue: raw) else {
            throw .badValue(field: field, expected: "a known \(field)", got: "\(raw)")
        }
        return value
    }
}

extension Welcome {
    fileprivate func write(to writer: inout ByteWriter) {
        writer.append(generation)
        writer.append(heartbeatMilliseconds)
        writer.append(deadMilliseconds)
        writer.append(keep) { $0.append($1) }
        writer.append(drop) { $0.append($1) }
    }

    fileprivate init(_ reader: inout ByteReader) throws(WireError) {
        self.init(
            generation: try reader.integer("generation"),
            heartbeatMilliseconds: try reader.integer("heartbeat"),
            deadMilliseconds: try reader.integer("dead after"),
            keep: try reader.list("keep") { (reader) throws(WireError) in
                try reader.integer("lease", as: UInt64.self)
            },
            drop: try reader.list("drop") { (reader) throws(WireError) in
                try reader.integer("lease", as: UInt64.self)
            }
        )
    }
}

extension Assign {
    fileprivate func write(to writer: inout ByteWriter) {
        writer.append(job)
        writer.append(shard)
        writer.append(attempt)
        writer.append(modelDigest)
        writer.append(modelPath)
        writer.append(options)
        writer.append(firstLine)
        writer.append(lineCount)
        writer.append(recordCount)
        writer.append(inputByteCount)
        writer.append(digestHigh)
        writer.append(digestLow)
        writer.append(isOverlong)
    }

    fileprivate init(
        _ reader: inout ByteReader,
        lease: UInt64,
        bytes: [UInt8]
    ) throws(WireError) {
        self.init(
            lease: lease,
            job: try reader.text("job"),
            shard: try reader.integer("shard"),
            attempt: try reader.integer("attempt"),
            modelDigest: try reader.text("model digest"),
            modelPath: try reader.text("model path"),
            options: try reader.text("options"),
            firstLine: try reader.integer("first line"),
            lineCount: try reader.integer("line count"),
            recordCount: try reader.integer("record count"),
            inputByteCount: try reader.integer("input byte count"),
            digestHigh: try reader.integer("digest"),
            digestLow: try reader.integer("digest"),
            isOverlong: try reader.flag("overlong"),
            bytes: bytes
        )
    }
}
