import Tape

/// L1: what is done to a text.
extension FieldInjectors {
    private static func change(
        _ injection: Injection, _ machine: inout Machine, _ body: (inout [UInt8]) -> Void
    ) throws(Inapplicable) {
        guard let target = injection.primary else { return }
        var text = try injection.text(target, machine)
        body(&text)
        injection.put(text, target, &machine)
    }

    /// A place in `text` where a character begins, or its end.
    private static func place(_ text: [UInt8], _ draw: Draw) -> Int {
        var at = Int(draw.below(UInt64(text.count) + 1))
        while at < text.count && text[at] & 0xC0 == 0x80 { at += 1 }
        return at
    }

    @Sendable static func lengthen(
        _ injection: Injection, _ machine: inout Machine, _ draw: Draw
    ) throws(Inapplicable) -> [Label.Parameter] {
        let most = Int(clamping: max(0, min(1 << 20, injection.parameters.number("max") ?? 0)))
        let extra = draw.below(3) == 0 ? 1 : 1 + Int(draw.below(64, 1))
        try change(injection, &machine) { text in
            let filler = text.last.map { $0 < 0x80 ? $0 : 0x61 } ?? 0x61
            let characters = text.count { $0 & 0xC0 != 0x80 }
            text += [UInt8](repeating: filler, count: max(0, most + extra - characters))
        }
        return [.init("rule", "at most \(most) characters"), .init("length", "\(most + extra)")]
    }

    @Sendable static func breakPattern(
        _ injection: Injection, _ machine: inout Machine, _ draw: Draw
    ) throws(Inapplicable) -> [Label.Parameter] {
        let form = injection.parameters.text("form")
        let strange = Array(
            (form == "letters" ? "0189#_" : form == "hex" ? "ghxyz#" : form == "digits" ? "OlIB-x" : "#_ /?").utf8)
        var at = 0
        try change(injection, &machine) { text in
            if text.isEmpty { text = [0x30] }
            at = Int(draw.below(UInt64(text.count)))
            while at > 0 && text[at] & 0xC0 == 0x80 { at -= 1 }
            var end = at + 1
            while end < text.count && text[end] & 0xC0 == 0x80 { end += 1 }
            text.replaceSubrange(at..<end, with: [strange[Int(draw.below(UInt64(strange.count), 1))]])
        }
        return [.init("rule", form), .init("position", "\(at)")]
    }

    @Sendable static func inventCurrency(
        _ injection: Injection, _ machine: inout Machine, _ draw: Draw
    ) throws(Inapplicable) -> [Label.Parameter] {
        // X codes are for users' own agreements or for metals; these are not listed.
        let code = ["QQQ", "ZZZ", "XQX", "BRK", "CHY", "MXP"][Int(draw.below(6))]
        try change(injection, &machine) { $0 = Array(code.utf8) }
        return [.init("rule", "ISO 4217"), .init("value", code)]
    }

    /// Latin letters and the Cyrillic ones that fonts draw alike (Unicode TR 39, confusables).
    private static let lookalikes: [UInt8: [UInt8]] = Dictionary(
        uniqueKeysWithValues: [
            ("a", "а"), ("c", "с"), ("e", "е"), ("o", "о"), ("p", "р"), ("x", "х"), ("y", "у"), ("i", "і"), ("s", "ѕ"),
            ("A", "А"), ("B", "В"), ("C", "С"), ("E", "Е"), ("H", "Н"), ("K", "К"), ("M", "М"), ("O", "О"), ("P", "Р"),
            ("T", "Т"), ("X", "Х"),
        ].map { (Array($0.0.utf8)[0], Array($0.1.utf8)) })

    @Sendable static func homoglyph(
        _ injection: Injection, _ machine: inout Machine, _ draw: Draw
    ) throws(Inapplicable) -> [Label.Parameter] {
        var at = 0
        try change(injection, &machine) { text in
            let places = text.indices.filter { lookalikes[text[$0]] != nil }
            if places.isEmpty {
                // Nothing there looks like anything else: a letter more does.
                at = text.count
                text += [0xD0, 0xB0]
            } else {
                at = places[Int(draw.below(UInt64(places.count)))]
                text.replaceSubrange(at..<at + 1, with: lookalikes[text[at]] ?? [])
            }
        }
        return [.init("rule", "one script"), .init("position", "\(at)")]
    }

    @Sendable static func fullWidth(
        _ injection: Injection, _ machine: inout Machine, _ draw: Draw
    ) throws(Inapplicable) -> [Label.Parameter] {
        try change(injection, &machine) { text in
            if !text.contains(where: { (0x21...0x7E).contains($0) }) { text.append(0x31) }
            // U+0021…U+007E have their full-width forms at U+FF01…U+FF5E.
            text = text.flatMap { byte -> [UInt8] in
                guard (0x21...0x7E).contains(byte) else { return [byte] }
                let scalar = 0xFF01 + UInt32(byte - 0x21)
                return [0xEF, UInt8(0x80 | scalar >> 6 & 63), UInt8(0x80 | scalar & 63)]
            }
        }
        return [.init("rule", "ASCII")]
    }

    @Sendable static func rightToLeft(
        _ injection: Injection, _ machine: inout Machine, _ draw: Draw
    ) throws(Inapplicable) -> [Label.Parameter] {
        var at = 0
        try change(injection, &machine) { text in
            at = place(text, draw)
            text.insert(contentsOf: [0xE2, 0x80, 0xAE], at: at)
        }
        return [.init("rule", "no direction marks"), .init("position", "\(at)")]
    }

    @Sendable static func zeroWidth(
        _ injection: Injection, _ machine: inout Machine, _ draw: Draw
    ) throws(Inapplicable) -> [Label.Parameter] {
        // Zero-width space, non-joiner, joiner, and the byte order mark.
        let mark: [UInt8] = [[0xE2, 0x80, 0x8B], [0xE2, 0x80, 0x8C], [0xE2, 0x80, 0x8D], [0xEF, 0xBB, 0xBF]][
            Int(draw.below(4, 1))]
        var at = 0
        try change(injection, &machine) { text in
            at = place(text, draw)
            text.insert(contentsOf: mark, at: at)
        }
        return [.init("rule", "visible characters"), .init("position", "\(at)")]
    }

    @Sendable static func mojibake(
        _ injection: Injection, _ machine: inout Machine, _ draw: Draw
    ) throws(Inapplicable) -> [Label.Parameter] {
        try change(injection, &machine) { text in
            // A name without any such letter gets one, or the mistake would not show.
            if text.allSatisfy({ $0 < 0x80 }) { text += [0xC3, 0xA3] }
            text = text.flatMap { byte -> [UInt8] in byte < 0x80 ? [byte] : [0xC0 | byte >> 6, 0x80 | byte & 63] }
        }
        return [.init("rule", "UTF-8 once")]
    }

    static let attacks: [(name: String, text: String)] = [
        ("sql", "' OR '1'='1' --"), ("script", "<script>alert(1)</script>"), ("template", "${7*7}{{7*7}}"),
        ("path", "../../../etc/passwd"), ("log", "ok\r\nlevel=INFO forged=1"), ("lookup", "${jndi:ldap://127.0.0.1/a}"),
        ("command", "$(id)`id`;id"), ("null", "a\u{0}b"),
    ]

    @Sendable static func inject(
        _ injection: Injection, _ machine: inout Machine, _ draw: Draw
    ) throws(Inapplicable) -> [Label.Parameter] {
        let attack = attacks[Int(draw.below(UInt64(attacks.count)))]
        try change(injection, &machine) { $0 += Array(attack.text.utf8) }
        return [.init("rule", "no \(attack.name) injection")]
    }

    @Sendable static func blowUp(
        _ injection: Injection, _ machine: inout Machine, _ draw: Draw
    ) throws(Inapplicable) -> [Label.Parameter] {
        let length = Int(clamping: max(1, min(1 << 22, injection.parameters.number("length") ?? 65_536)))
        try change(injection, &machine) { text in
            let seed = text.isEmpty ? [0x61] : text.map { $0 < 0x80 ? $0 : 0x61 }
            text = (0..<length).map { seed[$0 % seed.count] }
        }
        return [.init("length", "\(length)")]
    }

    @Sendable static func leak(
        _ injection: Injection, _ machine: inout Machine, _ draw: Draw
    ) throws(Inapplicable) -> [Label.Parameter] {
        let source = injection.target("source")
        let secret = try injection.text(source, machine)
        try change(injection, &machine) { $0 += [0x20] + secret }
        return [.init("rule", "no personal data"), .init("source", source?.path ?? "")]
    }
}
