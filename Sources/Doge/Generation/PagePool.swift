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

    /// Floats of one layer and key head in a page: keys beside values, then dt.
    let sectionFloats: Int
    private let pageFloats: Int
    /// Most pages at once.
    let capacity: Int
    private var pages: [UnsafeMutablePointer<Float>] = []
    private var references: [Int32] = []
    private var free: [Int32] = []
    /// Pages set aside by all sequences, used or not.
    private(set) var reserved = 0
    /// Pages that sequences hold, each counted once.
    var used: Int { pages.count - free.count }

    /// Bytes of a page of a model.
    static func pageBytes(_ c: DogeConfiguration) -> Int {
        4 * c.layerCount * c.keyHeads * slots * (2 * c.headDimension + 1)
    }

    init(_ c: DogeConfiguration, byteBudget: Int) {
        sectionFloats = Self.slots * (2 * c.headDimension + 1)
        pageFloats = c.layerCount * c.keyHeads * sectionFloats
        capacity = byteBudget / Self.pageBytes(c)
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
        guard posix_memalign(&memory, 64, 4 * pageFloats) == 0, let memory else { return nil }
        pages.append(memory.bindMemory(to: Float.self, capacity: pageFloats))
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
        floats(copy).update(from: floats(page), count: pageFloats)
        release(page)
        return copy
    }

    // (layers * keyHeads, sectionFloats)
    func floats(_ page: Int32) -> UnsafeMutablePointer<Float> { pages[Int(page)] }
}
