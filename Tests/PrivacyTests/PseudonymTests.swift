import Bytes
import Foundation
import TestSupport
import Testing

@testable import Privacy

@Suite struct PseudonymTests {
    private static let key = MaskingKey(Array("a key for tests, 32 bytes long..".utf8), origin: .file)

    private func masked(_ text: String, _ personal: PersonalClass) -> String? {
        var pseudonyms = Pseudonyms(Self.key)
        pseudonyms.text.assign(Array(text.utf8))
        return pseudonyms.replace(personal) ? String(decoding: pseudonyms.text, as: UTF8.self) : nil
    }

    static let examples: [(PersonalClass, String)] = [
        (.residentID, "11010519491231002X"), (.residentID, "440308199901012034"), (.cpf, "11144477735"),
        (.cpf, "111.444.777-35"), (.cnpj, "12ABC34501DE35"), (.cnpj, "12.ABC.345/01DE-35"),
        (.cnpj, "16.727.230/0001-97"),
        (.curp, "HEGG560427MVZRRL04"), (.curp, "BOXW310820HNERXN09"), (.rfc, "GODE561231GR8"), (.rfc, "MAB9307148T4"),
        (.clabe, "032180000118359719"), (.card, "4111111111111111"), (.card, "4111 1111 1111 1111"),
        (.card, "378282246310005"), (.phone, "13800138000"), (.phone, "+86 138-0013-8000"), (.phone, "(11) 98765-4321"),
        (.phone, "+52 1 55 1234 5678"), (.phone, "+5511987654321"), (.email, "Maria.Silva-77@example.com"),
        (.email, "joao@empresa.com.br"), (.email, "13800138000@163.com"), (.email, "12345678901@qq.com"),
        (.name, "李伟"), (.name, "欧阳修"), (.name, "João da Conceição"), (.name, "María Fernández-Núñez"),
        (.name, "O'Neil"),
        (.address, "广东省深圳市南山区科技园路12号楼3单元"), (.address, "Rua das Laranjeiras, 1207, apto 34"),
        (.birthDate, "1990-02-28"), (.birthDate, "29/02/2000"), (.birthDate, "19851231"),
        (.coordinate, "-23.550520"), (.coordinate, "39.9042,116.407396"), (.ip, "203.0.113.77"), (.ip, "10.1.2.3"),
        (.ip, "8.8.8.8:443"), (.ip, "2001:db8:85a3::8a2e:370:7334"), (.device, "123e4567-e89b-42d3-a456-426614174000"),
        (.device, "490154203237518"), (.device, "9774d56d682e549c"), (.device, "AA:BB:CC:0D:EE:FF"),
        (.token, "Zx9-kQ_77aBcDeFgHiJkLmNoPqRsTuVwXyZ0123456789"), (.bankAccount, "0001-12345678-9"),
        (.freeText, "Cliente María, tel. 55-1234, 住在北京市 — 完"), (.nationalID, "X-99-1234567"),
    ]

    @Test(arguments: examples) func keepsLengthAndFormatAndLeadsBack(_ personal: PersonalClass, _ text: String) throws {
        let pseudonym = try #require(masked(text, personal))
        #expect(pseudonym != text)
        #expect(pseudonym.utf8.count == text.utf8.count)
        func shape(_ text: String) -> String {
            String(
                text.map { character -> Character in
                    if character.isASCII && character.isNumber { return "9" }
                    if character.isLetter { return character.isUppercase ? "A" : character.isLowercase ? "a" : "字" }
                    return character
                })
        }
        if ![.device, .rfc, .residentID].contains(personal), !text.contains(":db8:") {
            #expect(shape(pseudonym) == shape(text), "\(pseudonym)")
        }
        var recovering = Recovering(Self.key)
        let back = recovering.recover(Array(pseudonym.utf8), personal)
        #expect(back == Array(text.utf8))
    }

    @Test func onePersonHasOnePseudonymHoweverWritten() throws {
        func digits(_ text: String?) -> String { String((text ?? "").filter(\.isNumber).suffix(10)) }
        let china = ["13800138000", "138-0013-8000", "+8613800138000", "0086 138 0013 8000", "+86 (138) 0013-8000"]
        #expect(Set(china.map { digits(masked($0, .phone)) }).count == 1)
        let brazil = ["11987654321", "+55 (11) 98765-4321", "5511987654321", "011 98765-4321", "+5511987654321"]
        #expect(Set(brazil.map { digits(masked($0, .phone)) }).count == 1)
        let mexico = ["5512345678", "+52 55 1234 5678", "+5215512345678", "525512345678", "55-1234-5678"]
        #expect(Set(mexico.map { digits(masked($0, .phone)) }).count == 1)
        let mailbox = try #require(masked("13800138000@163.com", .email))
        #expect(mailbox.prefix(11) == (masked("13800138000", .phone) ?? "")[...])
        #expect(masked("MARIA SILVA", .name) == masked("Maria Silva", .name)?.uppercased())
        #expect(masked("111.444.777-35", .cpf)?.filter(\.isNumber) == masked("11144477735", .cpf))
        let born = try #require(masked("1956-04-27", .birthDate))
        #expect(masked("HEGG560427MVZRRL04", .curp)?.dropFirst(4).prefix(6) == born.filter(\.isNumber).suffix(6)[...])
        #expect(masked("HEGG560427MVZRRL04", .curp)?.prefix(10) == masked("HEGG560427AB1", .rfc)?.prefix(10))
        #expect(
            masked("1949-12-31", .birthDate)?.filter(\.isNumber)
                == masked("11010519491231002X", .residentID)
                .map { String($0.dropFirst(6).prefix(8)) })
    }

    @Test func whatRulesLookAtStays() throws {
        let person = try #require(masked("440308199901012034", .residentID))
        #expect(person.prefix(10) == "4403081999")
        #expect((person.dropFirst(16).first?.wholeNumberValue ?? 0) % 2 == 1)
        #expect(try #require(masked("5500005555555559", .card)).hasPrefix("550000"))
        #expect(try #require(masked("032180000118359719", .clabe)).hasPrefix("032180"))
        #expect(try #require(masked("joao@empresa.com.br", .email)).hasSuffix(".com.br"))
        #expect(try #require(masked("joao@gmail.com", .email)).hasSuffix("@gmail.com"))
        let near = (try #require(masked("203.0.113.77", .ip)), try #require(masked("203.0.113.78", .ip)))
        #expect(near.0.dropLast(2) == near.1.dropLast(2) && near.0 != near.1)
        let cell = try #require(masked("-23.550520", .coordinate))
        #expect(cell.hasPrefix("-23.5"))
        #expect(masked("广东省深圳市南山区科技园路12号", .address)?.hasPrefix("广东省深圳市南山区") == true)
        // What was wrong stays wrong.
        #expect(CheckCharacters.luhn(15) { Array("4111111111111112".utf8)[$0] } == 1)
        let wrong = Array(try #require(masked("4111111111111112", .card)).utf8)
        #expect(Int(wrong[15] - 48) == (CheckCharacters.luhn(15) { wrong[$0] } + 1) % 10)
    }

    @Test func anotherKeyGivesOtherPseudonyms() {
        var other = Pseudonyms(MaskingKey(Array("another key for tests, 32 bytes.".utf8), origin: .file))
        for (personal, text) in Self.examples {
            other.text.assign(Array(text.utf8))
            let isDone = other.replace(personal)
            #expect(isDone)
            if text.count > 4 { #expect(String(decoding: other.text, as: UTF8.self) != masked(text, personal)) }
        }
        #expect(Self.key.id != MaskingKey(Array("another key for tests, 32 bytes.".utf8), origin: .file).id)
    }

    /// `make acceptance` says how many more.
    @Test(arguments: [PersonalClass.cpf, .card, .phone, .residentID, .clabe, .email, .device])
    func distinctValuesHaveDistinctPseudonyms(_ personal: PersonalClass) throws {
        let count = ProcessInfo.processInfo.environment["TINCT_PSEUDONYM_COUNT"].flatMap { Int($0) } ?? 500
        var forward = Pseudonyms(Self.key)
        var recovering = Recovering(Self.key)
        var seen = Set<[UInt8]>(minimumCapacity: count)
        for index in 0..<count {
            let value = Self.value(index, personal)
            forward.text.assign(value)
            let isDone = forward.replace(personal)
            #expect(isDone)
            #expect(seen.insert(Array(forward.text)).inserted)
            if recovering.recover(Array(forward.text), personal) != value { Issue.record("\(personal) \(index)") }
        }
        #expect(seen.count == count)
    }

    private static func value(_ index: Int, _ personal: PersonalClass) -> [UInt8] {
        func padded(_ number: Int, _ width: Int) -> String {
            let digits = String(number)
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
        switch personal {
        case .cpf:
            var text = Array((padded(index, 9)).utf8)
            text.append(48 + UInt8(CheckCharacters.cpf(9) { text[$0] }))
            text.append(48 + UInt8(CheckCharacters.cpf(10) { text[$0] }))
            return text
        case .card:
            var text = Array(("411111" + padded(index, 9)).utf8)
            text.append(48 + UInt8(CheckCharacters.luhn(15) { text[$0] }))
            return text
        case .phone: return Array(("138" + padded(index, 8)).utf8)
        case .residentID:
            let (month, day) = CalendarDay.monthAndDay(index / 1000 % 365, year: 1970 + index / 365_000 * 4 + 1)
            let born = padded(1970 + index / 365_000 * 4 + 1, 4) + padded(month, 2) + padded(day, 2)
            var text = Array(("110105" + born + padded(index % 1000, 3)).utf8)
            let check = CheckCharacters.residentID { text[$0] }
            text.append(check == 10 ? 0x58 : 48 + UInt8(check))
            return text
        case .clabe:
            var text = Array(("032180" + padded(index, 11)).utf8)
            text.append(48 + UInt8(CheckCharacters.clabe { text[$0] }))
            return text
        case .email: return Array("user\(padded(index, 8))@gmail.com".utf8)
        default: return Array("123e4567-e89b-42d3-a456-4266\(padded(index, 8))".utf8)
        }
    }

    /// python-stdnum accepts every one of them.
    @Test(.requires(.python)) func othersAcceptThem() throws {
        var lines: [String] = []
        var pseudonyms = Pseudonyms(Self.key)
        func add(_ personal: PersonalClass, _ module: String, _ text: [UInt8]) {
            pseudonyms.text.assign(text)
            let isDone = pseudonyms.replace(personal)
            #expect(isDone)
            lines.append("\(module) \(String(decoding: pseudonyms.text, as: UTF8.self))")
        }
        let modules: [(PersonalClass, String)] = [
            (.cpf, "br.cpf"), (.card, "luhn"), (.residentID, "cn.ric"), (.device, "imei"),
        ]
        for (personal, module) in modules where personal != .device {
            for index in 0..<500 { add(personal, module, Self.value(index * 7919 + 1, personal)) }
        }
        for (personal, text) in Self.examples {
            switch personal {
            case .cnpj: add(personal, "br.cnpj", Array(text.utf8))
            case .curp: add(personal, "mx.curp", Array(text.utf8))
            case .rfc: add(personal, "mx.rfc", Array(text.utf8))
            case .residentID: add(personal, "cn.ric", Array(text.utf8))
            default: break
            }
        }
        for (place, letter) in "ABCDEFGHIJKLMNOPQRSTUVWXYZ".enumerated() {
            var curp = Array("\(letter)A\(letter)R8\(place % 10)0\(place % 9 + 1)1\(place % 9)HDFRRL0".utf8)
            curp.append(48 + UInt8(CheckCharacters.curp { curp[$0] }))
            add(.curp, "mx.curp", curp)
            var cnpj = Array("1\(letter)\(letter)4501DE0001".utf8.prefix(12))
            cnpj.append(48 + UInt8(CheckCharacters.cnpj(12) { cnpj[$0] }))
            cnpj.append(48 + UInt8(CheckCharacters.cnpj(13) { cnpj[$0] }))
            add(.cnpj, "br.cnpj", cnpj)
        }
        let directory = try TemporaryDirectory()
        let result = try python(
            """
            import importlib, sys
            bad = 0
            for line in open(sys.argv[1], encoding="utf-8"):
                name, _, value = line.rstrip("\\n").partition(" ")
                module = importlib.import_module("stdnum." + name)
                options = {"validate_check_digits": True} if name == "mx.rfc" else {}
                if not module.is_valid(value, **options):
                    print(name, value)
                    bad += 1
            sys.exit(bad > 0)
            """, [try directory.write("masked", text: lines.joined(separator: "\n"))])
        #expect(result.status == 0, "\(result.output) \(result.errors)")
    }
}
