import CDogeKernels

/// What one sequence's next tokens need of its past: keys, values and dt, in pages of a pool.
///
/// Without a sliding window, a key that was dropped never comes back: only keys that are kept have
/// slots, `keep_window_size` at most, and each layer and key head has its own. With one, slots are
/// a ring of the last `sliding_window` positions, of which the window chooses. One thread's own.
final class CachedSequence {
    private let pool: PagePool
    private let window: Int
    private let sliding: Int?
    private let dimension: Int
    /// Pages that it may need at most.
    let reservation: PageReservation
    private var pages: [Int32] = []
    /// Where each page lies, for the kernels.
    private var bases: [UnsafePointer<UInt32>] = []
    /// By layer and key head; empty until the window drops a key.
    private var kept: [KeptKeys]
    /// Tokens seen; the next one has this position.
    private(set) var length = 0

    /// Pages that a sequence of so many tokens fills at most.
    static func pageCount(_ c: DogeConfiguration, tokens: Int) -> Int {
        let slots = min(tokens, c.slidingWindow ?? c.keepWindow)
        return (slots + PagePool.slots - 1) / PagePool.slots
    }

    /// An empty sequence that may grow to `tokens`, in pages that were set aside for it.
    init(_ c: DogeConfiguration, _ reservation: PageReservation, tokens: Int) {
        self.reservation = reservation
        pool = reservation.pool
        window = c.keepWindow
        sliding = c.slidingWindow
        dimension = c.headDimension
        kept = Array(repeating: KeptKeys(), count: c.layerCount * c.keyHeads)
        pages.reserveCapacity(reservation.count)
        bases.reserveCapacity(reservation.count)
        guard choosesOfRing || sliding == nil && tokens > window else { return }
        for section in kept.indices { kept[section].reserve(min(tokens, sliding ?? window)) }
    }

    private init(_ other: CachedSequence, _ reservation: PageReservation) {
        precondition(reservation.count == other.reservation.count, "each needs as many pages")
        self.reservation = reservation
        pool = other.pool
        window = other.window
        sliding = other.sliding
        dimension = other.dimension
        pages = other.pages
        bases = other.bases
        kept = other.kept
        length = other.length
        for page in pages { pool.retain(page) }
    }

    // The reservation is given back after the pages, which so are never short.
    deinit { for page in pages { pool.release(page) } }

    /// A sequence that goes on from the same past by itself, in pages set aside for it too.
    func fork(_ reservation: PageReservation) -> CachedSequence {
        CachedSequence(self, reservation)
    }

    /// The tokens of a pass are all stored.
    func advance(by count: Int) { length += count }

    /// Sees to pages of its own for the next `count` tokens; false where there is no memory.
    ///
    /// To be asked before each pass: storing then cannot fail.
    func makeRoom(for count: Int) -> Bool {
        while pages.count * PagePool.slots < slotCount(length + count) {
            guard let page = pool.take() else { return false }
            pages.append(page)
            bases.append(UnsafePointer(pool.words(page)))
        }
        // Once slots are used again, any page may be written.
        let reuses = length + count > sliding ?? window
        for number in (reuses ? 0 : length / PagePool.slots)..<pages.count {
            guard let page = pool.unshared(pages[number]) else { return false }
            pages[number] = page
            bases[number] = UnsafePointer(pool.words(page))
        }
        return true
    }

    /// Slots that are in use by the time `length` tokens are stored.
    private func slotCount(_ length: Int) -> Int { min(length, sliding ?? window) }

    /// Whether the window must choose among the keys in the slots.
    private var choosesOfRing: Bool { sliding.map { $0 > window } ?? false }

    // MARK: Storing

    /// Where keys and values of one head of a pass lie, as words of the pool's format.
    struct Rows {
        let keys: UnsafePointer<UInt32>  // (count, stride), dimension of each row used
        let values: UnsafePointer<UInt32>  // (count, stride), dimension of each row used
        let stride: Int
        let dt: UnsafePointer<Float>  // (count, dtStride), first of each row used
        let dtStride: Int
    }

    /// Stores the whole prompt, `count` positions, of one layer and key head.
    func store(_ rows: Rows, count: Int, section: Int) {
        let first = sliding.map { max(0, count - $0) } ?? 0
        if sliding == nil, count <= window {
            for position in 0..<count { put(rows, position, slot: position, section) }
            return
        }
        if let sliding, !choosesOfRing {
            for position in first..<count { put(rows, position, slot: position % sliding, section) }
            return
        }
        let slots = slotCount(count)
        kept[section].choose(
            from: first..<count,
            limit: slots,
            dt: { rows.dt[$0 * rows.dtStride] },
            slot: { place, position in Int32(sliding.map { position % $0 } ?? place) }
        )
        for place in 0..<kept[section].count {
            let position = kept[section].position(at: place)
            put(rows, position, slot: Int(kept[section].slots[place]), section)
        }
    }

    /// Stores the next position of one layer and key head; `rows` are one.
    func append(_ rows: Rows, section: Int) {
        let dt = rows.dt[0]
        if let sliding {
            let slot = length % sliding
            if choosesOfRing {
                if length >= sliding {
                    kept[section].remove(storedDt(slot, section), position: length - sliding)
                }
                kept[section].insert(dt, position: length, slot: Int32(slot))
            }
            return put(rows, 0, slot: slot, section)
        }
        guard length >= window else { return put(rows, 0, slot: length, section) }
        if kept[section].count == 0 {
            kept[section].choose(
                from: 0..<window,
                limit: window,
                dt: { storedDt($0, section) },
                slot: { _, position in Int32(position) }
            )
        }
        guard let slot = kept[section].replaceLeast(dt, position: length) else { return }
        put(rows, 0, slot: Int(slot), section)
    }

    /// Words of a key, or of a value.
    private var headWords: Int { ck_words(pool.format, dimension) }

    private func storedDt(_ slot: Int, _ section: Int) -> Float {
        let page = bases[slot / PagePool.slots] + section * pool.sectionWords
        return Float(bitPattern: page[PagePool.slots * 2 * headWords + slot % PagePool.slots])
    }

    private func put(
        _ rows: Rows,
        _ row: Int,
        slot: Int,
        _ section: Int
    ) {
        let place = slot % PagePool.slots
        let page = pages[slot / PagePool.slots]
        let base = pool.words(page) + section * pool.sectionWords
        let target = base + place * 2 * headWords
        target.update(from: rows.keys + row * rows.stride, count: headWords)
        (target + headWords).update(from: rows.values + row * rows.stride, count: headWords)
        base[PagePool.slots * 2 * headWords + place] = rows.dt[row * rows.dtStride].bitPattern
    }

    // MARK: Attending

    /// Most keys that a position of a model meets.
    static func keyCountMax(_ c: DogeConfiguration, length: Int) -> Int {
        min(length, c.keepWindow, c.slidingWindow ?? length)
    }

    /// Attends from the position stored last to the keys that it keeps.
    ///
    /// - Parameters:
    ///   - queries: (group, dimension), normed, rotated, scaled.
    ///   - outputs: (group, dimension).
    ///   - scratch: `ck_cached_scratch` floats for `keyCountMax` keys.
    func attend(
        section: Int,
        group: Int,
        queries: UnsafePointer<Float>,
        outputs: UnsafeMutablePointer<Float>,
        kernels: UnsafePointer<ck_kernels>,
        scratch: UnsafeMutablePointer<Float>
    ) {
        let stored = slotCount(length + 1)
        let count = min(stored, window)
        kept[section].slots.withUnsafeBufferPointer { slots in
            bases.withUnsafeBufferPointer { bases in
                guard let pages = bases.baseAddress else { return }
                var call = ck_cached(
                    format: pool.format,
                    pages: pages,
                    offset: section * pool.sectionWords,
                    slots: choosesOfRing ? slots.baseAddress.map { $0 + slots.count - count } : nil,
                    queries: queries,
                    outputs: outputs,
                    key_count: count,
                    group: group,
                    head_dim: dimension
                )
                ck_attend_cached(kernels, &call, scratch)
            }
        }
    }
}
