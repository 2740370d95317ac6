/// Elements in the order in which they came; adding and taking cost O(1) each in the long run.
///
/// Inlinable, as generics of another module are slow else.
package struct FIFOQueue<Element: Sendable>: Sendable {
    @usableFromInline package var elements: [Element] = []
    @usableFromInline package var start = 0

    /// An empty queue.
    @inlinable package init() {}

    /// Whether nothing waits.
    @inlinable package var isEmpty: Bool { start == elements.count }
    /// What waits longest; nil where nothing does.
    @inlinable package var first: Element? { isEmpty ? nil : elements[start] }

    /// Adds an element behind all others.
    @inlinable package mutating func append(_ element: Element) { elements.append(element) }

    /// Adds an element before all others.
    @inlinable package mutating func putBack(_ element: Element) {
        guard start > 0 else { return elements.insert(element, at: 0) }
        start -= 1
        elements[start] = element
    }

    /// Takes what waits longest; nil where nothing does.
    @inlinable package mutating func popFirst() -> Element? {
        guard let first else { return nil }
        start += 1
        // Space is given back in pieces that grow with the queue.
        if start > 64, start * 2 > elements.count {
            elements.removeFirst(start)
            start = 0
        }
        return first
    }
}
