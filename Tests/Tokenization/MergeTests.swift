import TestSupport
import Testing

@testable import Tokenization

@Suite("Merging the bytes of a word") struct MergeTests {
    /// Merges over few letters, and the model that they make.
    private struct Random {
        var pairs: [[Int32]: MergeTable.Merge] = [:]
        let model: BytePairModel

        /// Ids below 256 are bytes; every merge makes a new one, of any two that are there.
        init(_ random: inout SplitMix, letters: ClosedRange<UInt8>, mergeCount: Int) {
            let table = MergeTable(capacity: mergeCount)
            var joints = ByteJoints()
            var ends = (0...255).map { (first: UInt8($0), last: UInt8($0)) }
            var ids = letters.map { Int32($0) }
            for rank in 0..<Int32(mergeCount) {
                let left = ids.randomElement(using: &random) ?? 0
                let right = ids.randomElement(using: &random) ?? 0
                guard pairs[[left, right]] == nil else { continue }
                let id = Int32(ends.count)
                ends.append((ends[Int(left)].first, ends[Int(right)].last))
                ids.append(id)
                pairs[[left, right]] = MergeTable.Merge(rank: rank, id: id)
                table.insert(left, right, rank: rank, merged: id)
                joints.insert(ends[Int(left)].last, ends[Int(right)].first)
            }
            model = BytePairModel(
                byteIDs: (0...255).map { Int32($0) },
                merges: table,
                joints: joints,
                words: nil
            )
        }

        /// What the definition says: the best pair, the leftmost of equals, until none is left.
        func merged(_ word: [UInt8]) -> [Int32] {
            var symbols = word.map { Int32($0) }
            while true {
                var best = MergeTable.Merge.none
                var place = 0
                for index in 0..<max(0, symbols.count - 1) {
                    let pair = [symbols[index], symbols[index + 1]]
                    if let merge = pairs[pair], merge.rank < best.rank {
                        (best, place) = (merge, index)
                    }
                }
                guard best.rank < .max else { return symbols }
                symbols.replaceSubrange(place...place + 1, with: [best.id])
            }
        }
    }

    @Test(
        "short words and long ones become what the definition of byte-pair encoding says",
        arguments: [1, 2, 3, 8]
    )
    func likeDefinition(letterCount: UInt8) {
        var random = SplitMix(state: UInt64(letterCount))
        let letters = 97...97 + (letterCount - 1)
        var merger = WordMerger()
        for _ in 0..<150 {
            let mergeCount = Int.random(in: 1...60, using: &random)
            let merges = Random(&random, letters: letters, mergeCount: mergeCount)
            for _ in 0..<20 {
                // Words of 49 symbols and more go through the heap.
                let count = Int.random(in: 0...120, using: &random)
                let word = (0..<count).map { _ in UInt8.random(in: letters, using: &random) }
                var ids = TokenBuffer(capacity: 1)
                word.withUnsafeBufferPointer { merges.model.append($0, to: &ids, &merger) }
                #expect(Array(ids.elements(from: 0)) == merges.merged(word), "\(word)")
            }
        }
    }

    @Test("a heap gives the lowest rank first, and the leftmost of equals") func heapOrder() {
        var random = SplitMix(state: 5)
        for count in 0..<200 {
            var heap = MergeHeap()
            var expected: [Int] = []
            func entry() -> (Int32, Int) {
                let rank = Int32.random(in: 0..<9, using: &random)
                let place = Int.random(in: 0..<1000, using: &random)
                expected.append(Int(rank) * 1000 + place)
                return (rank, place)
            }
            for _ in 0..<count / 2 {
                let (rank, place) = entry()
                heap.add(rank, place)
            }
            heap.order()
            for _ in count / 2..<count {
                let (rank, place) = entry()
                heap.push(rank, place)
            }
            expected.sort()
            for number in expected {
                let found = heap.pop()
                #expect(found.map { Int($0.rank) * 1000 + $0.place } == number)
            }
            #expect(heap.pop() == nil)
        }
    }

    @Test("a cache that words overflow still gives each word its own ids")
    func crowdedCache() throws {
        let tokenizer = try Tokenizer(directory: "\(Reference.folder)/tokenizers/merges")
        let scratch = tokenizer.makeScratch()
        var random = SplitMix(state: 9)
        // Bytes and counts in which keys of all kinds come close to each other, zeros included.
        let letters: [UInt8] = [0x00, 0x61, 0x62, 0x65, 0x74]
        func word() -> [UInt8] {
            let count = Int.random(in: 1...80, using: &random)
            let commonCount = Bool.random(using: &random) ? count / 2 : 0
            let common = [UInt8](repeating: 0x61, count: commonCount)
            return common + (0..<count).map { _ in letters[Int.random(in: 0..<5, using: &random)] }
        }
        let words = (0..<90_000).map { _ in word() }
        let first = try words.map { try tokenizer.encode($0, scratch: scratch).ids }
        for (index, word) in words.enumerated() {
            let again = try tokenizer.encode(word, scratch: scratch).ids
            #expect(again == first[index], "\(word)")
        }
        for index in stride(from: 0, to: words.count, by: 9_000) {
            let fresh = try tokenizer.encode(words[index], scratch: tokenizer.makeScratch()).ids
            #expect(fresh == first[index], "\(words[index])")
        }
    }
}
