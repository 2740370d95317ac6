import CDogeKernels
import Glibc

/// The pages in which the sequences of one thread keep keys, values and dt; bounded.
///
/// A page has `slots` slots for every layer and key head. Sequences reserve what they may need at
/// most before they begin, so that none is ever stopped half-way; memory is taken as pages are
/// used. Sequences that began alike share pages until one of them writes.
final class PagePool {
    /// Positions of a page.
    static let slots = Int(CK_PAGE_SLOTS)

    /// What keys and values are kept in.
    let format: ck_format
    /// Words of one layer and key head in a page: keys beside values, then dt.
    let sectionWords: Int
    private let pageWords: Int
    /// Most pages at once.
    let capacity: Int
    private var pages: [UnsafeMutablePointer<UInt32>] = []
    private var references: [Int32] = []
    private var free: [Int32] = []
    /// Pages set aside by all sequences, used or not.
    private(set) var reserved = 0
    /// Pages that sequences hold, each counted once.
    var used: Int { pages.count - free.count }

    /// Bytes of a page of a model.
    static func pageBytes(_ c: DogeConfiguration, _ format: ck_format) -> Int {
        4 * c.layerCount * c.keyHeads * slots * (ck_words(format, 2 * c.headDimension) + 1)
    }

    init(_ c: DogeConfiguration, _ format: ck_format, byteBudget: Int) {
        self.format = format
        sectionWords = Self.slots * (ck_words(format, 2 * c.headDimension) + 1)
        pageWords = c.layerCount * c.keyHeads * sectionWords
        capacity = byteBudget / Self.pageBytes(c, format)
    }

    deinit { for page in pages { Glibc.free(page) } }

    /// Sets pages aside; false where so many are not left.
    func reserve(_ count: Int) -> Bool {
        guard reserved + count <= capacity else { return false }
        reserved += count
        return true
    }

    /// Gives back a reservation.
    func unreserve(_ count: Int) {
        reserved -= count
        precondition(reserved >= 0, "more pages given back than were reserved")
    }

    /// A page of its own for a sequence; nil where the system has no memory.
    func take() -> Int32? {
        if let page = free.popLast() {
            references[Int(page)] = 1
            return page
        }
        var memory: UnsafeMutableRawPointer?
        guard posix_memalign(&memory, 64, 4 * pageWords) == 0, let memory else { return nil }
        pages.append(memory.bindMemory(to: UInt32.self, capacity: pageWords))
        references.append(1)
        return Int32(pages.count - 1)
    }

    /// One sequence more uses the page.
    func retain(_ page: Int32) { references[Int(page)] += 1 }

    /// One sequence less uses the page.
    func release(_ page: Int32) {
        references[Int(page)] -= 1
        if references[Int(page)] == 0 { free.append(page) }
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
    func words(_ page: Int32) -> UnsafeMutablePointer<UInt32> { pages[Int(page)] }
}
