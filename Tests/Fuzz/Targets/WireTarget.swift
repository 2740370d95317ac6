private import CLinux
import Wire

extension FuzzTarget {
    /// Two frames: byte 0 chooses who speaks and whether the checksum is put right, bytes 1 and 2
    /// say where the header ends.
    static let frames = FuzzTarget(
        "frames",
        dictionary: ["KENL", "\u{1}\u{0}", "\u{0}\u{0}\u{0}\u{0}", "\u{7F}\u{7F}"]
    ) { input in
        var reader = InputReader(input)
        let choice = reader.byte()
        let header = Array(reader.take(Int(reader.integer(bytes: 2))))
        var frames = Frames(header: header, payload: Array(reader.rest))
        // No mutation would ever find a checksum.
        if choice & 2 == 0, header.count >= 56 {
            let sum = frames.payload.withUnsafeBytes { kennel_crc32c($0.baseAddress, $0.count) }
            let numbers = [UInt32(frames.payload.count), sum]
            let fields = numbers.flatMap { number in (0..<4).map { number >> UInt32(8 * $0) } }
            frames.header.replaceSubrange(
                48..<56,
                with: fields.map(UInt8.init(truncatingIfNeeded:))
            )
        }
        do throws(WireError) {
            let again: Frames
            if choice & 1 == 0 {
                let (envelope, message) = try WorkerMessage.decode(frames)
                again = message.encode(envelope)
            } else {
                let (envelope, message) = try CoordinatorMessage.decode(frames)
                again = message.encode(envelope)
            }
            return again == frames ? .taken : .wrong("one message has two spellings")
        } catch {
            return .refused(error.description)
        }
    }
}
