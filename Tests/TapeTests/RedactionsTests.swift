import Testing

@testable import Tape

@Suite struct RedactionsTests {
    @Test func theyAreWhatWasAppended() {
        let list = [
            Redaction(offset: 0, length: 0, kind: ""), Redaction(offset: 5, length: 36, kind: "device"),
            Redaction(offset: 127, length: 128, kind: "card"), Redaction(offset: 16_384, length: 1 << 40, kind: "名"),
            Redaction(offset: .max, length: .max, kind: String(repeating: "k", count: 300)),
        ]
        var redactions = Redactions(list)
        #expect(Array(redactions) == list && redactions.count == 5 && redactions.first == list[0])
        redactions.append(offset: 7, length: 9, Redactions.Kind("authorization"))
        #expect(Array(redactions) == list + [Redaction(offset: 7, length: 9, kind: "authorization")])
        redactions.empty()
        #expect(redactions.isEmpty && Array(redactions).isEmpty && redactions == Redactions())
    }

    @Test func copiesAreTheirOwn() {
        let one = Redaction(offset: 1, length: 2, kind: "cpf")
        let two = Redaction(offset: 3, length: 4, kind: "phone")
        let first: Redactions = [one]
        var second = first
        #expect(first == second)
        second.append(two)
        #expect(Array(first) == [one] && Array(second) == [one, two] && first != second)
        var third = second
        third.empty()
        #expect(Array(second) == [one, two] && third.isEmpty)
        #expect(second == [one, two])
    }
}
