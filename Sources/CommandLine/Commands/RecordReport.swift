import Capture
import JSON
import LiveCapture
import Privacy
import Recording

/// What `tinct record` prints at the end.
struct RecordReport {
    let balance: Balance
    private var notes: [String] = []
    private var isBroken = false
    var expectations: [(text: String, holds: Bool, value: Double)] = []
    var tape: String?
    /// How many tapes were written.
    var tapeCount = 0
    /// Exchanges that were left out because of `--count`.
    var leftOut: UInt64 = 0
    /// What a live recording took, and when the kernel dropped packets.
    var live: (source: LiveOptions, drops: [KernelAccount.Window])?

    init(balance: Balance) { self.balance = balance }

    mutating func add(_ path: String, _ ending: PacketReader.Ending, isCut: Bool) {
        switch ending {
        case .whole: if isCut { notes.append("\(path) is cut: what it holds up to there was used") }
        case .cut(let bytes):
            notes.append("\(path) is cut inside a packet: \(bytes) bytes of it were left over")
        case .damaged(let offset):
            notes.append("\(path) makes no sense from byte \(offset) on: what stands before was used")
        }
    }

    /// Reading an input failed on the way.
    mutating func add(_ damage: CaptureError, afterPackets count: UInt64) {
        notes.append("reading stopped after \(count) packets, which were used: \(damage)")
        isBroken = true
    }

    /// An interface could not be captured from any longer.
    mutating func add(_ damage: LiveError) {
        notes.append("the recording ended early, what came before was used: \(damage)")
        isBroken = true
    }

    /// The capture holds payload or packets that are not read, or is damaged, and nothing of it became an exchange.
    var isNothingDecoded: Bool {
        balance.exchanges == 0
            && (balance.streams.0.captured + balance.streams.1.captured > 0 || balance.refusedPackets > 0
                || !notes.isEmpty)
    }

    var exit: ExitCode {
        if isBroken { return .failed }
        return balance.closes && !isNothingDecoded && expectations.allSatisfy(\.holds) ? .ok : .expectationFailed
    }

    func printText() {
        for note in notes { Output.warn(note) }
        for line in lines() { Output.line(line) }
    }

    private func lines() -> [String] {
        let b = balance
        var out: [String] = []
        func row(_ name: String, _ text: String) {
            out.append(name + String(repeating: " ", count: max(1, 12 - name.count)) + text)
        }
        func list(_ counts: [(String, UInt64)]) -> String {
            let some = counts.filter { $0.1 > 0 }.sorted { ($1.1, $0.0) < ($0.1, $1.0) }
            return some.isEmpty ? "" : ": " + some.map { "\($0.0) \($0.1)" }.joined(separator: ", ")
        }
        let refusals = Refusal.allCases.map { ($0.name, b.refusals[Int($0.rawValue)]) }
        row("packets", "\(b.packets) in = \(b.usedPackets) used + \(b.refusedPackets) refused\(list(refusals))")
        for (link, count) in b.refusedLinks.sorted(by: { $0.key.number < $1.key.number }) {
            row("", "\(count) of link type \(link.name)")
        }
        if b.cutPackets > 0 { row("", "\(b.cutPackets) cut by the snap length") }
        if let kernel = b.kernel {
            row(
                "kernel",
                "\(kernel.received) taken = \(kernel.read) read + \(kernel.dropped) dropped + \(kernel.leftOut) left out"
            )
            if kernel.interfaceDropped > 0 { row("", "\(kernel.interfaceDropped) more were lost by the interface") }
        }
        let others = b.otherFlows.map { ($0.key, $0.value) }
        row(
            "flows",
            "\(b.flows) = \(b.httpFlows) http1 + \(b.thriftFlows) thrift + \(b.emptyFlows) without payload + "
                + "\(others.reduce(0) { $0 + $1.1 }) not decoded\(list(others))")
        if b.oneDirectionFlows > 0 { row("", "\(b.oneDirectionFlows) of which one direction was captured") }
        if b.idleFlows > 0 { row("", "\(b.idleFlows) ended because they were quiet for too long") }
        if b.evictedFlows > 0 { row("", "\(b.evictedFlows) ended early by the limit on flows") }
        if b.hurriedGaps > 0 { row("", "\(b.hurriedGaps) gaps declared early by the limits on bytes") }
        for (name, account, use) in [
            ("bytes to", b.streams.0, b.bytes.0), ("bytes from", b.streams.1, b.bytes.1),
        ] {
            row(
                name,
                "\(account.captured) in = \(use.inMessages) in messages + \(use.opaque) not decoded + \(use.lost) lost"
                    + " + \(use.blank) blank + \(account.duplicate) seen before + \(account.outOfWindow) out of window"
                    + " + \(account.dropped) dropped")
            if account.missing > 0 { row("", "\(account.missing) more were on the wire and not captured") }
            if account.conflicting > 0 { row("", "\(account.conflicting) seen before with other content") }
        }
        for (name, count) in [("requests", b.requests), ("responses", b.responses)] {
            row(
                name,
                "\(count.seen) seen = \(count.whole) whole + \(count.partial) in part"
                    + "\(list(count.partialReasons.map { ($0.key, $0.value) })) + \(count.lostTotal) lost"
                    + "\(list(count.lost.map { ($0.key, $0.value) }))")
        }
        if !b.oddities.isEmpty { row("odd", String(list(b.oddities.map { ($0.key, $0.value) }).dropFirst(2))) }
        row("exchanges", "\(b.exchanges), \(b.pairedExchanges) with request and response")
        if leftOut > 0 { row("", "\(leftOut) of them beyond --count, not on the tape") }
        let redactions = b.redactions.byName
        if !redactions.isEmpty {
            row("masked", String(list(redactions.map { ($0.key, $0.value) }).dropFirst(2)))
        }
        let rewritten = b.reencoded.values.reduce(0, +)
        if rewritten > 0 {
            row("", "\(rewritten) compressed bodies written anew for it\(list(b.reencoded.map { ($0.key, $0.value) }))")
        }
        let leftOutBodies = b.unmaskable.values.reduce(0, +)
        if leftOutBodies > 0 {
            row("", "\(leftOutBodies) bodies left out, not decodable\(list(b.unmaskable.map { ($0.key, $0.value) }))")
        }
        row("balance", b.closes ? "closes" : "DOES NOT CLOSE: this is a bug, please report it")
        if isNothingDecoded {
            row("decoded", "NOTHING, because:")
            for reason in b.undecodedReasons + notes { row("", reason) }
        }
        for expectation in expectations {
            row(
                "expected",
                "\(expectation.text): \(expectation.holds ? "holds" : "FAILS"), it is \(rounded(expectation.value))")
        }
        if let tape { row(tapeCount > 1 ? "tapes" : "tape", tapeCount > 1 ? "\(tapeCount): \(tape)" : tape) }
        return out
    }

    private func rounded(_ value: Double) -> Double { (value * 10_000).rounded() / 10_000 }

    func printJSON() {
        let b = balance
        var json = JSONWriter(pretty: true)
        func counts(_ name: String, _ pairs: [(String, UInt64)]) {
            json.key(name)
            json.beginObject()
            for (key, value) in pairs.filter({ $0.1 > 0 }).sorted(by: { $0.0 < $1.0 }) {
                json.key(key)
                json.number(value)
            }
            json.endObject()
        }
        func number(_ name: String, _ value: UInt64) {
            json.key(name)
            json.number(value)
        }
        json.beginObject()
        json.key("closes")
        json.bool(b.closes)
        json.key("packets")
        json.beginObject()
        number("in", b.packets)
        number("used", b.usedPackets)
        number("refused", b.refusedPackets)
        number("cut", b.cutPackets)
        counts("refusedBy", Refusal.allCases.map { ($0.name, b.refusals[Int($0.rawValue)]) })
        counts("refusedLinks", b.refusedLinks.map { ($0.key.name, $0.value) })
        json.endObject()
        if let live, let kernel = b.kernel {
            json.key("kernel")
            json.beginObject()
            json.key("interface")
            json.string(live.source.interface)
            json.key("filter")
            json.string(live.source.filter)
            number("ringBytes", UInt64(live.source.ringBytes))
            number("received", kernel.received)
            number("read", kernel.read)
            number("dropped", kernel.dropped)
            number("leftOut", kernel.leftOut)
            number("interfaceDropped", kernel.interfaceDropped)
            json.key("drops")
            json.beginArray()
            for window in live.drops {
                json.beginObject()
                number("sinceNanos", window.sinceNanos)
                number("untilNanos", window.untilNanos)
                number("packets", window.packets)
                json.endObject()
            }
            json.endArray()
            json.endObject()
        }
        json.key("flows")
        json.beginObject()
        number("in", b.flows)
        number("http1", b.httpFlows)
        number("thrift", b.thriftFlows)
        number("withoutPayload", b.emptyFlows)
        counts("notDecoded", b.otherFlows.map { ($0.key, $0.value) })
        number("oneDirection", b.oneDirectionFlows)
        number("evicted", b.evictedFlows)
        number("idle", b.idleFlows)
        number("hurriedGaps", b.hurriedGaps)
        json.endObject()
        json.key("bytes")
        json.beginObject()
        for (name, account, use) in [
            ("clientToServer", b.streams.0, b.bytes.0), ("serverToClient", b.streams.1, b.bytes.1),
        ] {
            json.key(name)
            json.beginObject()
            number("captured", account.captured)
            number("inMessages", use.inMessages)
            number("notDecoded", use.opaque)
            number("lost", use.lost)
            number("blank", use.blank)
            number("duplicate", account.duplicate)
            number("outOfWindow", account.outOfWindow)
            number("dropped", account.dropped)
            number("conflicting", account.conflicting)
            number("missing", account.missing)
            number("outOfOrderSegments", account.outOfOrderSegments)
            json.endObject()
        }
        json.endObject()
        json.key("messages")
        json.beginObject()
        for (name, count) in [("requests", b.requests), ("responses", b.responses)] {
            json.key(name)
            json.beginObject()
            number("seen", count.seen)
            number("whole", count.whole)
            number("partial", count.partial)
            counts("partialBy", count.partialReasons.map { ($0.key, $0.value) })
            number("lost", count.lostTotal)
            counts("lostBy", count.lost.map { ($0.key, $0.value) })
            json.endObject()
        }
        json.endObject()
        json.key("exchanges")
        json.beginObject()
        number("count", b.exchanges)
        number("paired", b.pairedExchanges)
        json.endObject()
        counts("oddities", b.oddities.map { ($0.key, $0.value) })
        counts("redactions", b.redactions.byName.map { ($0.key, $0.value) })
        counts("reencoded", b.reencoded.map { ($0.key, $0.value) })
        counts("unmaskable", b.unmaskable.map { ($0.key, $0.value) })
        json.key("undecoded")
        json.beginArray()
        for reason in b.undecodedReasons { json.string(reason) }
        json.endArray()
        json.key("expectations")
        json.beginArray()
        for expectation in expectations {
            json.beginObject()
            json.key("text")
            json.string(expectation.text)
            json.key("holds")
            json.bool(expectation.holds)
            json.key("value")
            json.number(expectation.value)
            json.endObject()
        }
        json.endArray()
        json.key("notes")
        json.beginArray()
        for note in notes { json.string(note) }
        json.endArray()
        json.key("tape")
        if let tape { json.string(tape) } else { json.null() }
        number("tapes", UInt64(tapeCount))
        number("beyondCount", leftOut)
        json.endObject()
        Output.write(json.bytes + [10])
    }
}
