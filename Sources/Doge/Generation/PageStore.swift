import Glibc
import Platform
import Synchronization

/// The memory in which all replicas of an engine keep keys and values: bounded, in pages.
///
/// One bound for all, so that the layout does not decide for which text there is room. Pages are
/// set aside before they are taken; memory comes from the system as pages are taken for the first
/// time, and stays. Each replica takes those pages first that it took before, as they are near.
final class PageStore: Sendable {
    /// A page, its taker's alone until it is given back.
    struct Page: @unchecked Sendable {  // its taker's alone, as above
        let words: UnsafeMutablePointer<UInt32>
        /// The replica that wrote to it first.
        let home: Int
    }

    /// Most pages at once.
    let capacity: Int
    private let pageWords: Int
    private let state: Mutex<State>

    private struct State {
        var reserved = 0
        /// Pages that have memory, in use or not.
        var held = 0
        var spare: [[Page]]  // (replicas, any)
        /// Replicas that wait until so many pages can be set aside, first come, first served.
        var queue: [(count: Int, isServed: Platform.Semaphore)] = []
    }

    /// A store of no pages yet.
    init(pageWords: Int, capacity: Int, replicas: Int) {
        self.pageWords = pageWords
        self.capacity = capacity
        state = Mutex(State(spare: Array(repeating: [], count: replicas)))
    }

    deinit { state.withLock { for page in $0.spare.joined() { Glibc.free(page.words) } } }

    /// Sets pages aside; false where so many are not left, or others wait for theirs.
    func reserve(_ count: Int) -> Bool {
        state.withLock { state in
            guard state.queue.isEmpty, state.reserved + count <= capacity else { return false }
            state.reserved += count
            return true
        }
    }

    /// Sets pages aside once there are so many, `capacity` at most.
    ///
    /// Blocks; whoever waits holds no pages, so that those who hold some end.
    func waitAndReserve(_ count: Int) {
        precondition(count <= capacity, "so many pages can never be set aside")
        let isServed: Platform.Semaphore? = state.withLock { state in
            if state.queue.isEmpty, state.reserved + count <= capacity {
                state.reserved += count
                return nil
            }
            let isServed = Platform.Semaphore()
            state.queue.append((count, isServed))
            return isServed
        }
        isServed?.wait()
    }

    /// How many replicas wait for pages.
    var waiting: Int { state.withLock { $0.queue.count } }

    /// Gives back pages that were set aside.
    func unreserve(_ count: Int) {
        state.withLock { state in
            state.reserved -= count
            precondition(state.reserved >= 0, "more pages given back than were reserved")
            while let first = state.queue.first, state.reserved + first.count <= capacity {
                state.reserved += first.count
                state.queue.removeFirst()
                first.isServed.signal()
            }
        }
    }

    /// A page of those that the replica set aside; nil where the system has no memory.
    func take(for replica: Int) -> Page? {
        state.withLock { state in
            if let page = state.spare[replica].popLast() { return page }
            if state.held < capacity {
                var memory: UnsafeMutableRawPointer?
                guard posix_memalign(&memory, 64, 4 * pageWords) == 0, let memory else {
                    return nil
                }
                state.held += 1
                let words = memory.bindMemory(to: UInt32.self, capacity: pageWords)
                return Page(words: words, home: replica)
            }
            for other in state.spare.indices {
                if let page = state.spare[other].popLast() { return page }
            }
            preconditionFailure("a page was taken that was not set aside")
        }
    }

    /// Takes a page back.
    func giveBack(_ page: Page) {
        state.withLock { $0.spare[page.home].append(page) }
    }
}
