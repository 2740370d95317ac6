/// Ends a text that comes in pieces where one of some strings stands in it.
///
/// The text ends before the stop string that is complete first; of several that the same piece
/// completes, before the one that begins first. Time is linear in the text, whatever the strings.
package struct StopStrings: Sendable {
    /// A beginning of a stop string; node 0 is the empty one (Aho and Corasick's machine).
    private struct Node {
        var children: [UInt8: Int] = [:]
        /// The longest other beginning that this one ends with.
        var fallback = 0
        /// Bytes from node 0 to here.
        let depth: Int
        /// A stop string that begins so.
        let stop: Int
        /// Bytes of the longest stop string that ends here; zero where none does.
        var matchCount = 0
    }

    private let stops: [[UInt8]]
    private var nodes = [Node(depth: 0, stop: 0)]
    /// The longest beginning with which the text so far ends, and which is held back.
    private var node = 0
    /// Whether a stop string was found; whatever comes after it is no part of the text.
    package private(set) var isComplete = false

    /// Ends no text.
    package init() { stops = [] }

    /// - Parameter stops: in UTF-8; with none of them every text passes.
    package init(_ stops: [[UInt8]]) throws(StopStringsError) {
        self.stops = stops
        for (number, stop) in stops.enumerated() {
            guard !stop.isEmpty else { throw .empty(number: number) }
            guard String(validating: stop, as: UTF8.self) != nil else {
                throw .notUTF8(number: number)
            }
            insert(stop, number)
        }
        linkFallbacks()
    }

    /// Takes more of the text, and gives what is sure to be no part of a stop string.
    package mutating func append(_ piece: String) -> String {
        guard !isComplete else { return "" }
        let held = heldBytes
        var end = held.count
        var cut: Int?
        for byte in piece.utf8 {
            node = next(node, byte)
            end += 1
            let matchCount = nodes[node].matchCount
            if matchCount > 0 { cut = min(cut ?? end, end - matchCount) }
        }
        isComplete = cut != nil
        let count = cut ?? end - nodes[node].depth
        let text = Array(held.prefix(count)) + piece.utf8.prefix(max(0, count - held.count))
        return String(decoding: text, as: UTF8.self)
    }

    /// Gives what was held back when the text has ended without a stop string.
    package mutating func finish() -> String {
        defer { node = 0 }
        return isComplete ? "" : String(decoding: heldBytes, as: UTF8.self)
    }

    private var heldBytes: ArraySlice<UInt8> {
        node == 0 ? [] : stops[nodes[node].stop].prefix(nodes[node].depth)
    }

    private func next(_ start: Int, _ byte: UInt8) -> Int {
        var node = start
        while true {
            if let child = nodes[node].children[byte] { return child }
            if node == 0 { return 0 }
            node = nodes[node].fallback
        }
    }

    private mutating func insert(_ stop: [UInt8], _ number: Int) {
        var node = 0
        for byte in stop {
            if let child = nodes[node].children[byte] {
                node = child
            } else {
                nodes.append(Node(depth: nodes[node].depth + 1, stop: number))
                nodes[node].children[byte] = nodes.count - 1
                node = nodes.count - 1
            }
        }
        nodes[node].matchCount = stop.count
    }

    /// Goes through the nodes by depth, as each fallback is less deep than its node.
    private mutating func linkFallbacks() {
        var queue = Array(nodes[0].children.values)
        var done = 0
        while done < queue.count {
            let node = queue[done]
            done += 1
            for (byte, child) in nodes[node].children {
                let fallback = next(nodes[node].fallback, byte)
                nodes[child].fallback = fallback
                if nodes[child].matchCount == 0 {
                    nodes[child].matchCount = nodes[fallback].matchCount
                }
                queue.append(child)
            }
        }
    }
}

/// Why strings cannot end a text.
package enum StopStringsError: Error, Equatable, CustomStringConvertible {
    /// The string of this number, counted from zero, would end every text at once.
    case empty(number: Int)
    /// The string of this number, counted from zero, can stand in no text.
    case notUTF8(number: Int)

    /// The failure as one sentence for people.
    package var description: String {
        switch self {
        case .empty(let number):
            "stop string \(number + 1) is empty; leave it out, or name the text to stop at"
        case .notUTF8(let number):
            "stop string \(number + 1) is not UTF-8, so no text can hold it; leave it out"
        }
    }
}
