import CDogeKernels

/// The pages in which the sequences of one thread keep keys, values and dt, out of a shared store.
///
/// A page has `slots` slots for every layer and key head. What sequences may need at most is set
/// aside before they begin, so that none is ever stopped half-way. Sequences that began alike
/// share pages until one of them writes.
final class PagePool {
    /// Positions of a page.
    static let slots = Int(CK_PAGE_SLOTS)

    /// What keys and values are kept in.
    let format: ck_format
    /// Words of one layer and key head in a page: keys beside values, then dt.
    let sectionWords: Int
    private let pageWords: Int
    fileprivate let store: PageStore
    private let replica: Int
    private var pages: [PageStore.Page] = []
    private var references: [Int32] = []
    private var free: [Int32] = []
    /// Pages set aside by all sequences of this pool, used or not.
    fileprivate(set) var reserved = 0
    /// Pages that sequences hold, each counted once.
    var used: Int { pages.count - free.count }
    /// Most pages that all pools of the store have at once.
    var capacity: Int { store.capacity }

    /// Bytes of a page of a model.
    static func pageBytes(_ c: DogeConfiguration, _ format: ck_format) -> Int {
        4 * c.layerCount * c.keyHeads * sectionWords(c, format)
    }

    private static func sectionWords(_ c: DogeConfiguration, _ format: ck_format) -> Int {
        slots * (ck_words(format, 2 * c.headDimension) + 1)
    }

    /// The store of an engine's replicas: of as many pages as so many bytes hold.
    static func store(
        _ c: DogeConfiguration,
        _ format: ck_format,
        byteBudget: Int,
        replicas: Int
    ) -> PageStore {
        let bytes = pageBytes(c, format)
        return PageStore(pageWords: bytes / 4, capacity: byteBudget / bytes, replicas: replicas)
    }

    /// The pool of one replica of those that the store is for.
    init(_ c: DogeConfiguration, _ format: ck_format, _ store: PageStore, replica: Int) {
        self.format = format
        self.store = store
        self.replica = replica
        sectionWords = Self.sectionWords(c, format)
        pageWords = c.layerCount * c.keyHeads * sectionWords
    }

    /// Sets pages aside; nil where so many are not left, or other pools wait for theirs.
    func reserve(_ count: Int) -> PageReservation? {
        store.reserve(count) ? PageReservation(self, count) : nil
    }

    /// Sets pages aside, `capacity` at most, once other pools leave so many; of a pool without any.
    func waitAndReserve(_ count: Int) -> PageReservation {
        precondition(reserved == 0, "who waits for pages holds none that others wait for")
        store.waitAndReserve(count)
        return PageReservation(self, count)
    }

    /// A page of its own for a sequence; nil where the system has no memory.
    func take() -> Int32? {
        guard let page = store.take(for: replica) else { return nil }
        if let number = free.popLast() {
            pages[Int(number)] = page
            references[Int(number)] = 1
            return number
        }
        pages.append(page)
        references.append(1)
        return Int32(pages.count - 1)
    }

    /// One sequence more uses the page.
    func retain(_ page: Int32) { references[Int(page)] += 1 }

    /// One sequence less uses the page.
    func release(_ page: Int32) {
        references[Int(page)] -= 1
        guard references[Int(page)] == 0 else { return }
        store.giveBack(pages[Int(page)])
        free.append(page)
    }

    /// The page itself where nobody else uses it, else a copy in its place; nil without memory.
    func unshared(_ page: Int32) -> Int32? {
        guard references[Int(page)] > 1 else { return page }
        guard let copy = take() else { return nil }
        words(copy).update(from: words(page), count: pageWords)
        release(page)
        return copy
    }

    // (layers * keyHeads, sectionWords)
    func words(_ page: Int32) -> UnsafeMutablePointer<UInt32> { pages[Int(page)].words }
}

/// Pages that were set aside in a pool, given back when nobody holds this any more.
final class PageReservation {
    let pool: PagePool
    private(set) var count: Int

    fileprivate init(_ pool: PagePool, _ count: Int) {
        self.pool = pool
        self.count = count
        pool.reserved += count
    }

    deinit {
        pool.reserved -= count
        pool.store.unreserve(count)
    }

    /// Parts with some of the pages.
    func split(_ part: Int) -> PageReservation {
        precondition(part <= count, "no more pages can be parted with than were set aside")
        count -= part
        pool.reserved -= part
        return PageReservation(pool, part)
    }
}
