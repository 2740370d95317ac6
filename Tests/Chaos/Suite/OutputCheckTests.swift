import TestChaos
import Testing

/// A check that finds nothing wrong with anything would let every scenario pass.
@Suite("The check of an output") struct OutputCheckTests {
    private let expected: [(index: Int, answer: ChaosCorpus.Answer)] = [
        (0, .line(Array("{\"index\":0,\"sum\":7}".utf8))),
        (2, .line(Array("{\"index\":2,\"sum\":8}".utf8))),
        (3, .error),
    ]
    private let first = "{\"index\":0,\"sum\":7}\n"
    private let second = "{\"index\":2,\"sum\":8}\n"
    private let third = "{\"index\":3,\"error\":{\"code\":\"poison\"}}\n"

    private func check(_ output: String) -> OutputCheck {
        OutputCheck(Array(output.utf8), expected: expected)
    }

    @Test("finds nothing in a right one") func right() {
        #expect(check(first + second + third).violations == [])
    }

    @Test("finds what is lost") func lost() {
        #expect(check(first + third).lost == 1)
        #expect(check("").lost == 3)
    }

    @Test("finds what is there twice") func doubled() {
        #expect(check(first + second + second + third).doubled == 1)
    }

    @Test("finds what stands in the wrong place") func misplaced() {
        #expect(check(second + first + third).misplaced == 1)
    }

    @Test("finds other bytes, of answers, of errors and of strangers") func differing() {
        #expect(check("{\"index\":0,\"sum\":9}\n" + second + third).differing == 1)
        #expect(check(first + second + "{\"index\":3,\"sum\":9}\n").differing == 1)
        #expect(check(first + "{\"index\":1}\n" + second + third).differing == 1)
    }

    @Test("finds a last line that is torn") func torn() {
        let whole = first + second + third
        #expect(check(String(whole.dropLast())).violations.count == 2)
    }
}
