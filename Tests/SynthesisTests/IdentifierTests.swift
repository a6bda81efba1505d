import Foundation
import TestSupport
import Testing

@testable import Synthesis

@Suite struct IdentifierTests {
    /// Published examples.
    @Test(arguments: [
        (IdentifierKind.residentId, "11010519491231002", "X"), (.cpf, "111444777", "35"), (.cnpj, "12ABC34501DE", "35"),
        (.cnpj, "000000000001", "91"), (.clabe, "03218000011835971", "9"), (.curp, "HEGG560427MVZRRL0", "4"),
        (.card, "7992739871", "3"), (.creditCode, "91110000600037341", "L"), (.rfc, "GODE561231GR", "8"),
        (.rfcCompany, "MAB9307148T", "4"),
    ])
    func `check characters follow the published examples`(kind: IdentifierKind, payload: String, check: String) {
        #expect(CheckDigits.of(Array(payload.utf8), kind) == Array(check.utf8))
        if kind != .card { #expect(OracleIdentifier.isValid(Array((payload + check).utf8)[...], kind)) }
        let wrong = check.last == "1" ? "2" : "1"
        #expect(!OracleIdentifier.isValid(Array((payload + check.dropLast() + wrong).utf8)[...], kind))
    }

    private func make(_ kind: IdentifierKind, _ count: UInt64, isDated: Bool = true) -> [String] {
        let philox = Philox(key: 4)
        let permutation = Permutation(
            count: IdentifierWriter.serials(kind, prefix: 7, isDated: isDated), key: 5)
        return (0..<count).map { i in
            let day = calendarDay(Int(philox.below(25_000, i, 9)) - 7000)
            let date = String(format: "%04d-%02d-%02d", day.year, day.month, day.day)
            var arena = Arena()
            arena.append(contentsOf: (date + "4065040").utf8)
            IdentifierWriter.append(
                kind, serial: permutation[i % permutation.count], bits: philox.block(i),
                date: isDated ? 0..<10 : 0..<0, prefix: 10..<17,
                to: &arena)
            return String(decoding: arena.array().dropFirst(17), as: UTF8.self)
        }
    }

    @Test(arguments: IdentifierKind.allCases)
    func `made identifiers are valid, and unique where they are numbered`(kind: IdentifierKind) {
        let made = make(kind, 10_000, isDated: false)
        #expect(made.allSatisfy { OracleIdentifier.isValid(Array($0.utf8)[...], kind) })
        #expect(Set(made).count == made.count)
        let dated = make(kind, 2000)
        #expect(dated.allSatisfy { OracleIdentifier.isValid(Array($0.utf8)[...], kind) })
        if kind == .rfc || kind == .curp { #expect(Set(dated).count == dated.count) }
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

    /// A million of each with `TINCT_IDENTIFIER_COUNT`, as `make acceptance` has it.
    private static var checked: UInt64 {
        ProcessInfo.processInfo.environment["TINCT_IDENTIFIER_COUNT"].flatMap { UInt64($0) } ?? 10_000
    }

    @Test(.requires(.python))
    func `python-stdnum finds every identifier valid, and a page of Python those it does not know`() throws {
        var input = ""
        for (name, kind) in [
            ("luhn", IdentifierKind.card), ("cn.ric", .residentId), ("cn.uscc", .creditCode), ("br.cpf", .cpf),
            ("br.cnpj", .cnpj), ("br.cnpj", .cnpjLetters), ("mx.curp", .curp), ("mx.rfc", .rfc),
            ("mx.rfc", .rfcCompany), ("mx.rfc", .rfcShort), ("clabe", .clabe), ("organisation", .creditCode),
        ] {
            for value in make(kind, Self.checked, isDated: false) { input += "\(name) \(value)\n" }
        }
        let script = """
            import sys, importlib
            def clabe(number):
                assert len(number) == 18 and number.isdigit()
                total = sum(int(d) * (3, 7, 1)[i % 3] % 10 for i, d in enumerate(number[:17]))
                assert (10 - total % 10) % 10 == int(number[17])
            def organisation(number):
                code = number[8:17]
                total = sum(int(d) * w for d, w in zip(code, (3, 7, 9, 10, 5, 8, 4, 2)))
                assert '0X987654321'[total % 11] == code[8]
            checks = {'clabe': clabe, 'organisation': organisation}
            bad, seen, repeated = 0, set(), 0
            for line in sys.stdin:
                name, value = line.split()
                try:
                    if name not in checks: checks[name] = importlib.import_module('stdnum.' + name).validate
                    if name == 'mx.rfc': checks[name](value, validate_check_digits=True)
                    else: checks[name](value)
                except Exception as error:
                    bad += 1
                    if bad < 9: print(name, value, repr(error))
                if (name, value) in seen: repeated += 1
                seen.add((name, value))
            print('bad', bad, 'repeated', repeated)
            """
        let result = try python(script, input: Array(input.utf8), timeoutSeconds: 900)
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.output == "bad 0 repeated 0\n")
    }
}
