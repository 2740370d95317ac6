import Platform
import Synchronization
import Testing

@testable import Doge

@Suite("pages that replicas share", .timeLimit(.minutes(10)))
struct PageStoreTests {
    @Test("what one sets aside no other has, and what is given back anyone may have")
    func oneBound() {
        let store = PageStore(pageWords: 16, capacity: 3, replicas: 2)
        let (two, other) = (store.reserve(2), store.reserve(2))
        #expect(two && !other)
        store.unreserve(2)
        let all = store.reserve(3)
        #expect(all)
        let none = store.reserve(1)
        #expect(!none)
        store.unreserve(3)
    }

    @Test("memory is taken for no more pages than the bound, also where others had them before")
    func memory() throws {
        let store = PageStore(pageWords: 16, capacity: 2, replicas: 2)
        let first = try (0..<2).map { _ in try #require(store.take(for: 0)) }
        for page in first { store.giveBack(page) }
        let near = try #require(store.take(for: 0))
        #expect(first.contains { $0.words == near.words } && near.home == 0)
        store.giveBack(near)
        let second = try (0..<2).map { _ in try #require(store.take(for: 1)) }
        #expect(Set(second.map(\.words)) == Set(first.map(\.words)))
        for page in second { store.giveBack(page) }
    }

    @Test("whoever waits gets its pages in turn, before those who ask later and for less")
    func turns() {
        let store = PageStore(pageWords: 16, capacity: 4, replicas: 3)
        let held = store.reserve(3)
        #expect(held)
        let served = Mutex<[Int]>([])
        let arrivals = [Semaphore(), Semaphore()]
        let threads = [4, 2].enumerated().map { number, count in
            let thread = OSThread(name: "waits") {
                arrivals[number].signal()
                store.waitAndReserve(count)
                served.withLock { $0.append(count) }
                store.unreserve(count)
            }
            arrivals[number].wait()
            while store.waiting <= number {}
            return thread
        }
        // One page is left, and who asks for it comes behind those who wait.
        let late = store.reserve(1)
        #expect(!late)
        store.unreserve(1)
        #expect(served.withLock { $0 }.isEmpty && store.waiting == 2)
        store.unreserve(2)
        for thread in threads { thread.join() }
        #expect(served.withLock { $0 } == [4, 2])
        let all = store.reserve(4)
        #expect(all)
        store.unreserve(4)
    }

    @Test("a replica that waits alone waits no longer than for nothing")
    func alone() {
        let store = PageStore(pageWords: 16, capacity: 4, replicas: 1)
        store.waitAndReserve(4)
        let more = store.reserve(1)
        #expect(!more)
        store.unreserve(4)
    }
}
