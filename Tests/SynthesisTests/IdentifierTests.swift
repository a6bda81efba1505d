import Foundation
import TestSupport
import Testing

@testable import Synthesis

@Suite struct IdentifierTests {
    /// Published examples.
    @Test(arguments: [
        (IdentifierKind.residentId, "11010519491231002", "X"), (.cpf, "111444777", "35"), (.cnpj, "12ABC34501DE", "35"),
        (.cnpj, "000000000001", "91"), (.clabe, "03218000011835971", "9"), (.curp, "HEGG560427MVZRRL0", "4"),
        (.card, "7992739871", "3"),
    ])
    func `check characters follow the published examples`(kind: IdentifierKind, payload: String, check: String) {
        #expect(CheckDigits.of(Array(payload.utf8), kind) == Array(check.utf8))
        if kind != .card { #expect(OracleIdentifier.isValid(Array((payload + check).utf8)[...], kind)) }
        let wrong = check.last == "1" ? "2" : "1"
        #expect(!OracleIdentifier.isValid(Array((payload + check.dropLast() + wrong).utf8)[...], kind))
    }

    private func make(_ kind: IdentifierKind, _ count: UInt64) -> [String] {
        let philox = Philox(key: 4)
        let permutation = Permutation(count: IdentifierWriter.serials(kind, prefix: 7), key: 5)
        return (0..<count).map { i in
            let day = calendarDay(Int(philox.below(25_000, i, 9)) - 7000)
            let date = String(format: "%04d-%02d-%02d", day.year, day.month, day.day)
            var arena = Arena()
            arena.append(contentsOf: (date + "4065040").utf8)
            IdentifierWriter.append(
                kind, serial: permutation[i % permutation.count], bits: philox.block(i), date: 0..<10, prefix: 10..<17,
                to: &arena)
            return String(decoding: arena.array().dropFirst(17), as: UTF8.self)
        }
    }

    @Test(arguments: IdentifierKind.allCases)
    func `made identifiers are valid, and unique where they are numbered`(kind: IdentifierKind) {
        let made = make(kind, 5000)
        #expect(made.allSatisfy { OracleIdentifier.isValid(Array($0.utf8)[...], kind) })
        if [.card, .cpf, .cnpj, .clabe].contains(kind) { #expect(Set(made).count == made.count) }
    }

    @Test func `no CPF has eleven equal digits`() {
        var arena = Arena()
        for serial in [0, 1, 111_111_109, 111_111_110, 111_111_111, 999_999_989] as [UInt64] {
            arena.truncate(to: 0)
            IdentifierWriter.append(.cpf, serial: serial, bits: (0, 0), date: 0..<0, prefix: 0..<0, to: &arena)
            #expect(Set(arena.array()).count > 1 && arena.count == 11)
        }
        #expect(String(decoding: arena.array().prefix(9), as: UTF8.self) == "999999998")
    }

    @Test(.requires(.python))
    func `python-stdnum finds every identifier valid`() throws {
        var input = ""
        for (name, kind) in [
            ("luhn", IdentifierKind.card), ("cn.ric", .residentId), ("br.cpf", .cpf), ("br.cnpj", .cnpj),
            ("mx.curp", .curp),
        ] {
            for value in make(kind, 2000) { input += "\(name) \(value)\n" }
        }
        let script = """
            import sys, importlib
            bad = 0
            for line in sys.stdin:
                name, value = line.split()
                try:
                    importlib.import_module('stdnum.' + name).validate(value)
                except Exception as error:
                    bad += 1
                    if bad < 9: print(name, value, repr(error))
            print('bad', bad)
            """
        let result = try python(script, input: Array(input.utf8))
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.output == "bad 0\n")
    }
}
