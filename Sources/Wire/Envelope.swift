private import CLinux

/// One life of one worker process: 128 random bits.
package struct WireSession: Hashable, Sendable {
    /// The first 64 of the bits.
    package var high: UInt64
    /// The last 64 of the bits.
    package var low: UInt64

    /// Takes bits that the worker drew, or that stood in a frame.
    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }
}

/// What stands in front of every message.
package struct Envelope: Hashable, Sendable {
    /// The life of the coordinator that the message belongs to; 0 while a worker knows none.
    ///
    /// Who is refused, fenced or sent to greet anew gets back what it said itself.
    package var epoch: UInt64
    /// The worker's session, in both directions.
    package var session: WireSession
    /// Rises by one with every message of a session and direction; for telemetry, never for truth.
    ///
    /// Echoed with the epoch.
    package var sequence: UInt64

    /// Takes the fields as they are; the receiver judges them.
    package init(epoch: UInt64, session: WireSession, sequence: UInt64) {
        self.epoch = epoch
        self.session = session
        self.sequence = sequence
    }
}

/// A message as its two frames.
package struct Frames: Equatable, Sendable {
    /// Fixed beginning, then the fields of the message; at most `WireLimits.headerBytesMax`.
    package var header: [UInt8]
    /// Bytes of input or answers; empty for most messages.
    package var payload: [UInt8]

    /// Takes any bytes: decoding checks them.
    package init(header: [UInt8], payload: [UInt8]) {
        self.header = header
        self.payload = payload
    }
}

/// The fixed beginning of a header frame: 56 bytes, little-endian.
///
///     magic u32 · protocol u16 · type u16 · epoch u64 · session 16 B · sequence u64
///     lease u64 (0 if none) · payload length u32 · payload CRC32C u32
struct FixedHeader {
    static let magic: UInt32 = 0x4C4E_454B  // "KENL"

    var type: UInt16
    var envelope: Envelope
    var lease: UInt64

    func frames(payload: [UInt8], fields: (inout ByteWriter) -> Void) -> Frames {
        precondition(payload.count <= WireLimits.payloadBytesMax, "payloads are cut into chunks")
        var writer = ByteWriter()
        writer.append(Self.magic)
        writer.append(WireLimits.headerVersion)
        writer.append(type)
        writer.append(envelope.epoch)
        writer.append(envelope.session.high)
        writer.append(envelope.session.low)
        writer.append(envelope.sequence)
        writer.append(lease)
        writer.append(UInt32(payload.count))
        writer.append(checksum(payload))
        fields(&writer)
        precondition(writer.bytes.count <= WireLimits.headerBytesMax, "a header must fit")
        return Frames(header: writer.bytes, payload: payload)
    }

    /// Reads the fixed beginning and checks the payload against it.
    static func read(
        _ frames: Frames
    ) throws(WireError) -> (header: FixedHeader, rest: ByteReader) {
        guard frames.header.count <= WireLimits.headerBytesMax else {
            throw .badValue(
                field: "header",
                expected: "at most \(WireLimits.headerBytesMax) bytes",
                got: "\(frames.header.count)"
            )
        }
        var reader = ByteReader(frames.header)
        let magic: UInt32 = try reader.integer("magic")
        guard magic == Self.magic else {
            throw .badValue(field: "magic", expected: "\(Self.magic)", got: "\(magic)")
        }
        let version: UInt16 = try reader.integer("protocol")
        guard version == WireLimits.headerVersion else {
            throw .badValue(
                field: "protocol",
                expected: "\(WireLimits.headerVersion)",
                got: "\(version)"
            )
        }
        let type: UInt16 = try reader.integer("type")
        let epoch: UInt64 = try reader.integer("epoch")
        let session = WireSession(
            high: try reader.integer("session"),
            low: try reader.integer("session")
        )
        let sequence: UInt64 = try reader.integer("sequence")
        let lease: UInt64 = try reader.integer("lease")
        let length: UInt32 = try reader.integer("payload length")
        let expected: UInt32 = try reader.integer("payload checksum")
        guard Int(length) == frames.payload.count, length <= WireLimits.payloadBytesMax else {
            throw .payloadMismatch(
                expected: "\(length) bytes",
                got: "\(frames.payload.count) bytes"
            )
        }
        let got = checksum(frames.payload)
        guard got == expected else {
            throw .payloadMismatch(expected: "checksum \(expected)", got: "checksum \(got)")
        }
        let header = FixedHeader(
            type: type,
            envelope: Envelope(epoch: epoch, session: session, sequence: sequence),
            lease: lease
        )
        return (header, reader)
    }

    /// Refuses a lease or a payload on a message that has none.
    func check(
        hasLease: Bool,
        hasPayload: Bool,
        payload: [UInt8]
    ) throws(WireError) {
        guard hasLease || lease == 0 else {
            throw .badValue(field: "lease", expected: "0", got: "\(lease)")
        }
        guard hasPayload || payload.isEmpty else {
            throw .badValue(field: "payload", expected: "no bytes", got: "\(payload.count)")
        }
    }
}

/// CRC32C of a payload.
func checksum(_ bytes: [UInt8]) -> UInt32 {
    bytes.withUnsafeBytes { kennel_crc32c($0.baseAddress, $0.count) }
}
