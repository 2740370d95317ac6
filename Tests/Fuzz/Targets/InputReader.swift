/// Takes numbers from the front of an input, which then steer how the rest is read.
struct InputReader {
    private(set) var rest: UnsafeBufferPointer<UInt8>

    init(_ input: UnsafeBufferPointer<UInt8>) {
        rest = input
    }

    /// The next byte; 0 behind the end.
    mutating func byte() -> UInt8 {
        guard let first = rest.first else { return 0 }
        rest = UnsafeBufferPointer(rebasing: rest.dropFirst())
        return first
    }

    /// Two or more bytes as a whole number, the low ones first.
    mutating func integer(bytes: Int) -> UInt64 {
        (0..<bytes).reduce(0) { value, place in value | UInt64(byte()) << UInt64(8 * place) }
    }

    /// The next bytes, or as many as there are.
    mutating func take(_ count: Int) -> UnsafeBufferPointer<UInt8> {
        let taken = UnsafeBufferPointer(rebasing: rest.prefix(count))
        rest = UnsafeBufferPointer(rebasing: rest.dropFirst(count))
        return taken
    }
}
