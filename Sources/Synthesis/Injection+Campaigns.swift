import Bytes
import Tape

/// L3 and L4: what is done to the values of a campaign's members, beside who they are and when they act.
enum CampaignInjectors {
    /// All members hold the same key, token or session.
    @Sendable static func shareKey(
        _ injection: Injection, _ machine: inout Machine, _ draw: Draw
    ) throws(Inapplicable) -> [Label.Parameter] {
        guard let target = injection.target("key") else { return [] }
        let text = try injection.text(target, machine)
        injection.put(drawn(like: text, draw), target, &machine)
        return [.init("key", target.path)]
    }

    /// All members hold the same value, of the form that the first one's own has.
    @Sendable static func shareValue(
        _ injection: Injection, _ machine: inout Machine, _ draw: Draw
    ) throws(Inapplicable) -> [Label.Parameter] {
        guard let target = injection.target("shared") else { return [] }
        let text = try injection.text(target, machine)
        injection.put(text.contains(0x2E) ? address(draw) : digits(like: text, draw), target, &machine)
        return [.init("shared", target.path)]
    }

    @Sendable static func shareFingerprint(
        _ injection: Injection, _ machine: inout Machine, _ draw: Draw
    ) throws(Inapplicable) -> [Label.Parameter] {
        guard let target = injection.target("fingerprint") else { return [] }
        let length = try injection.text(target, machine).count
        injection.put((0..<length).map { UInt8(truncatingIfNeeded: draw.shared(UInt64($0))) }, target, &machine)
        return [.init("shared", target.path)]
    }

    /// A text of the campaign's that looks like `text`: a UUID, or as many characters of the same kinds.
    private static func drawn(like text: [UInt8], _ draw: Draw) -> [UInt8] {
        let isUUID = text.count == 36 && [8, 13, 18, 23].allSatisfy { text[$0] == 0x2D }
        let hex = Array("0123456789abcdef".utf8)
        return text.indices.map { at in
            let bits = draw.shared(UInt64(at))
            if isUUID {
                if text[at] == 0x2D { return 0x2D }
                if at == 14 { return 0x34 }
                if at == 19 { return hex[8 + Int(scale(bits, to: 4))] }
            }
            return hex[Int(scale(bits, to: 16))]
        }
    }

    /// The first few characters are kept where they cannot be digits (a country's prefix), the rest is the campaign's.
    private static func digits(like text: [UInt8], _ draw: Draw) -> [UInt8] {
        let prefix = Array("+5511".utf8)
        let count = max(prefix.count + 4, 14)
        return prefix + (prefix.count..<count).map { 0x30 + UInt8(scale(draw.shared(UInt64($0)), to: 10)) }
    }

    private static func address(_ draw: Draw) -> [UInt8] {
        var out = Arena(capacity: 32)
        out.append(contentsOf: "10".utf8)
        for place in 0..<3 as Range<UInt64> {
            out.append(0x2E)
            out.append(decimal: 1 + Int64(scale(draw.shared(place), to: 254)))
        }
        return out.array()
    }

    // MARK: Amounts

    @Sendable static func shareAmount(
        _ injection: Injection, _ machine: inout Machine, _ draw: Draw
    ) throws(Inapplicable) -> [Label.Parameter] {
        guard let target = injection.target("amount") else { return [] }
        _ = try injection.cell(target, machine)
        let amount = 1000 + Int64(scale(draw.shared(), to: 500_000))
        injection.put(amount, target, &machine)
        return [.init("amount", "\(amount)")]
    }

    /// Each hop keeps a share of what it got.
    @Sendable static func skim(
        _ injection: Injection, _ machine: inout Machine, _ draw: Draw
    ) throws(Inapplicable) -> [Label.Parameter] {
        guard let target = injection.target("amount") else { return [] }
        _ = try injection.cell(target, machine)
        var amount = 500_000 + Int64(scale(draw.shared(), to: 1_500_000))
        let skim = UInt128(injection.parameters.share("skim"))
        for _ in 0..<draw.member { amount -= max(1, Int64(UInt128(amount.magnitude) * skim / 1_000_000_000)) }
        injection.put(max(1, amount), target, &machine)
        return [.init("skim", AnomalyParameters.Value.share(injection.parameters.share("skim")).text)]
    }

    /// The last one is many times greater than those before.
    @Sendable static func escalate(
        _ injection: Injection, _ machine: inout Machine, _ draw: Draw
    ) throws(Inapplicable) -> [Label.Parameter] {
        guard let target = injection.target("amount") else { return [] }
        _ = try injection.cell(target, machine)
        let ratio = max(2, min(100_000, injection.parameters.number("ratio") ?? 2))
        let base = 5000 + Int64(scale(draw.shared(), to: 20_000))
        let amount = draw.member + 1 == draw.count ? base * ratio : base - Int64(draw.below(UInt64(base / 4)))
        injection.put(amount, target, &machine)
        return [.init("ratio", "\(ratio)"), .init("intent", draw.member + 1 == draw.count ? "final" : "trust")]
    }

    @Sendable static func structure(
        _ injection: Injection, _ machine: inout Machine, _ draw: Draw
    ) throws(Inapplicable) -> [Label.Parameter] {
        guard let target = injection.target("amount") else { return [] }
        _ = try injection.cell(target, machine)
        let threshold = injection.parameters.number("threshold") ?? 0
        let below = 1 + Int64(draw.below(UInt64(clamping: injection.parameters.number("margin") ?? 1)))
        injection.put(threshold - below, target, &machine)
        return [.init("threshold", "\(threshold)"), .init("below", "\(below)")]
    }

    // MARK: Cards

    @Sendable static func testCard(
        _ injection: Injection, _ machine: inout Machine, _ draw: Draw
    ) throws(Inapplicable) -> [Label.Parameter] {
        // Which cards are good is the issuer's answer; the label says what a test would find.
        let declined =
            draw.bits(9) < UInt64(clamping: UInt128(injection.parameters.share("declineShare")) << 64 / 1_000_000_000)
        let result: [Label.Parameter] = [.init("hit", declined ? "no" : "yes")]
        guard let target = injection.target("number") else { return result }
        let length = try injection.text(target, machine).count
        guard (12...19).contains(length) else { throw Inapplicable("'\(target.path)' holds no card number") }
        let bins = max(1, injection.parameters.range("bins").upperBound)
        let choice = draw.member % bins
        let binLength = injection.target("bin") == nil ? 6 : try injection.text(injection.target("bin"), machine).count
        // Issuers of the invented range 4 and 5; the rest of the number is each member's own.
        var number: [UInt8] = [scale(draw.shared(choice << 8), to: 2) == 0 ? 0x34 : 0x35]
        for place in 1..<UInt64(max(6, min(8, binLength))) {
            number.append(0x30 + UInt8(scale(draw.shared(choice << 8 | place), to: 10)))
        }
        let bin = number
        // A permutation of the member's position keeps the numbers apart.
        let free = length - 1 - number.count
        var domain: UInt64 = 1
        for _ in 0..<min(15, free) { domain *= 10 }
        var serial = Permutation(count: domain, key: draw.shared(7))[draw.member % domain]
        var rest: [UInt8] = []
        for _ in 0..<free {
            rest.append(0x30 + UInt8(serial % 10))
            serial /= 10
        }
        number += rest
        number += CheckDigits.of(number, .card)
        injection.put(number, target, &machine)
        if let other = injection.target("bin") { injection.put(bin, other, &machine) }
        if let other = injection.target("last4") { injection.put(Array(number.suffix(4)), other, &machine) }
        return result + [.init("bin", String(decoding: bin, as: UTF8.self))]
    }

    // MARK: Places and times

    /// Cities far apart, in hundred-thousandths of a degree.
    private static let cities: [(latitude: Int64, longitude: Int64)] = [
        (3_990_000, 11_640_000), (-2_355_000, -4_663_000), (1_943_000, -9_913_000), (5_150_000, -12_000),
        (136_000, 10_382_000), (-3_387_000, 15_121_000), (4_071_000, -7_400_000),
    ]

    private static func place(_ city: Int, _ injection: Injection, _ machine: inout Machine) throws(Inapplicable) {
        for (name, value) in [("latitude", cities[city].latitude), ("longitude", cities[city].longitude)] {
            guard let target = injection.target(name) else { continue }
            _ = try injection.cell(target, machine)
            var scaled = value
            for _ in 5..<max(5, target.scale) { scaled *= 10 }
            for _ in 0..<max(0, 5 - target.scale) { scaled /= 10 }
            injection.put(scaled, target, &machine)
        }
    }

    @Sendable static func travel(
        _ injection: Injection, _ machine: inout Machine, _ draw: Draw
    ) throws(Inapplicable) -> [Label.Parameter] {
        let start = Int(scale(draw.shared(), to: UInt64(cities.count)))
        // Neighbours in the list lie at least 6,300 km apart, the last and the first one too.
        try place((start + Int(draw.member)) % cities.count, injection, &machine)
        let vpn = draw.bits(3) < UInt64(clamping: UInt128(injection.parameters.share("vpnShare")) << 64 / 1_000_000_000)
        return [.init("kmh", "> \(injection.parameters.number("kmh") ?? 900)"), .init("vpn", vpn ? "yes" : "no")]
    }

    /// Cities that an aeroplane joins in the window: a few hundred kilometres.
    @Sendable static func fly(
        _ injection: Injection, _ machine: inout Machine, _ draw: Draw
    ) throws(Inapplicable) -> [Label.Parameter] {
        let city = cities[Int(scale(draw.shared(), to: UInt64(cities.count)))]
        // Half a degree a stop, at most 56 km: any road will do, and it looks like a jump all the same.
        let step = Int64(draw.member) * 50_000
        for (name, value) in [("latitude", city.latitude - step), ("longitude", city.longitude)] {
            guard let target = injection.target(name) else { continue }
            _ = try injection.cell(target, machine)
            var scaled = value
            for _ in 5..<max(5, target.scale) { scaled *= 10 }
            for _ in 0..<max(0, 5 - target.scale) { scaled /= 10 }
            injection.put(scaled, target, &machine)
        }
        return [.init("kmh", "< \(injection.parameters.number("kmh") ?? 800)")]
    }

    @Sendable static func sleep(
        _ injection: Injection, _ machine: inout Machine, _ draw: Draw
    ) throws(Inapplicable) -> [Label.Parameter] {
        guard let target = injection.target("lastSeen") else { return [] }
        _ = try injection.cell(target, machine)
        let range = injection.parameters.range("days")
        let days = range.lowerBound + scale(draw.shared(), to: range.upperBound - range.lowerBound + 1)
        injection.put(Int64(clamping: draw.timeNanos / 1_000_000) - Int64(days) * 86_400_000, target, &machine)
        return [.init("days", "\(days)")]
    }

    /// Each member tells the time at which its mirror image arrives.
    @Sendable static func reorder(
        _ injection: Injection, _ machine: inout Machine, _ draw: Draw
    ) throws(Inapplicable) -> [Label.Parameter] {
        guard let target = injection.primary else { return [] }
        _ = try injection.cell(target, machine)
        injection.put(Int64(clamping: draw.mirroredNanos / 1_000_000), target, &machine)
        let lag = Int64(clamping: draw.timeNanos / 1_000_000) - Int64(clamping: draw.mirroredNanos / 1_000_000)
        return [.init("lagMillis", "\(lag)")]
    }

    @Sendable static func delay(
        _ injection: Injection, _ machine: inout Machine, _ draw: Draw
    ) throws(Inapplicable) -> [Label.Parameter] {
        guard let target = injection.primary else { return [] }
        _ = try injection.cell(target, machine)
        let range = injection.parameters.range("lag")
        let lag = range.lowerBound + draw.below(range.upperBound - range.lowerBound + 1)
        injection.put(Int64(clamping: draw.timeNanos / 1_000_000) - Int64(clamping: lag) * 1000, target, &machine)
        return [.init("lagSeconds", "\(lag)")]
    }

    /// An order that no other request names: of the same form, drawn apart from all others.
    @Sendable static func orphan(
        _ injection: Injection, _ machine: inout Machine, _ draw: Draw
    ) throws(Inapplicable) -> [Label.Parameter] {
        guard let target = injection.target("order") else { return [] }
        var text = try injection.text(target, machine)
        for at in text.indices where (0x30...0x39).contains(text[at]) {
            text[at] = 0x30 + UInt8(draw.below(10, UInt64(at) + 16))
        }
        injection.put(text, target, &machine)
        return [.init("state", "no such order"), .init("edge", "none → refund")]
    }
}
