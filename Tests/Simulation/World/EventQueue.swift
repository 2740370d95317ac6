/// Virtual time in nanoseconds; it begins far from zero and moves only between events.
typealias Moment = UInt64

extension Moment {
    static let millisecond: Moment = 1_000_000
    static let second: Moment = 1_000_000_000
}

/// What is still to happen: by time, and at one time in the order in which it was asked for.
struct EventQueue<Event> {
    private struct Entry {
        let time: Moment
        let sequence: UInt64
        let event: Event

        func precedes(_ other: Entry) -> Bool {
            time != other.time ? time < other.time : sequence < other.sequence
        }
    }

    /// A binary heap: no entry precedes the one at half its index.
    private var heap: [Entry] = []
    private var nextSequence: UInt64 = 0

    mutating func push(_ event: Event, at time: Moment) {
        heap.append(Entry(time: time, sequence: nextSequence, event: event))
        nextSequence += 1
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[child].precedes(heap[parent]) else { break }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    mutating func pop() -> (time: Moment, event: Event)? {
        guard let first = heap.first else { return nil }
        let last = heap.removeLast()
        if heap.isEmpty { return (first.time, first.event) }
        heap[0] = last
        var parent = 0
        while true {
            var least = parent
            let left = 2 * parent + 1
            if left < heap.count, heap[left].precedes(heap[least]) { least = left }
            if left + 1 < heap.count, heap[left + 1].precedes(heap[least]) { least = left + 1 }
            guard least != parent else { return (first.time, first.event) }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}
