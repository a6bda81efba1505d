import Bytes
import Foundation
import HTTP1
import Testing

@testable import Privacy

/// What belongs together before masking does afterwards, and rules decide as they did.
@Suite struct JoinTests {
    private struct Event: Hashable {
        var user: String
        var device: String
        var card: String
    }

    /// Events of some users who share devices and cards, one in three as a form, each identifier written as it comes.
    private func messages() -> [(event: Event, isForm: Bool, body: String)] {
        (0..<600).map { index in
            let user = "138" + String(format: "%08d", index * 7 % 40 * 1_000_003 % 100_000_000)
            let device = String(format: "%08x-0000-4000-a000-%012x", index % 25 * 77_777, index % 25)
            let payload = "411111" + String(format: "%09d", index * 13 % 60 * 16_661)
            let card = payload + String(CheckCharacters.luhn(15) { Array(payload.utf8)[$0] })
            let isForm = index % 3 == 0
            let dashed = user.prefix(3) + "-" + user.dropFirst(3).prefix(4) + "-" + user.suffix(4)
            let body =
                isForm
                ? "phone=%2B86\(user)&deviceId=\(device)&cardNumber=\(card)"
                : "{\"phone\":\"\(dashed)\",\"deviceId\":\"\(device)\",\"cardNumber\":\"\(card)\"}"
            return (Event(user: user, device: device, card: card), isForm, body)
        }
    }

    private func event(_ body: String, isForm: Bool) throws -> Event {
        var members: [String: String] = [:]
        if isForm {
            for pair in body.split(separator: "&") {
                let parts = pair.split(separator: "=").map(String.init)
                members[parts[0]] = parts[1].replacingOccurrences(of: "%2B86", with: "")
            }
        } else {
            members = try #require(
                try JSONSerialization.jsonObject(with: Data(body.utf8)) as? [String: String])
        }
        let user = try #require(members["phone"]).filter(\.isNumber)
        return Event(
            user: user, device: try #require(members["deviceId"]), card: try #require(members["cardNumber"]))
    }

    @Test func theGraphAndAVelocityRuleSurvive() throws {
        let plan = MaskingPlan(key: .random())
        // One masker for a part of the messages each, as threads have them.
        var even = Masker(plan)
        var odd = Masker(plan)
        var pairs: [(before: Event, after: Event)] = []
        for (index, message) in messages().enumerated() {
            let type = message.isForm ? "application/x-www-form-urlencoded" : "application/json"
            var wire = Array(
                "POST / HTTP/1.1\r\nContent-Type: \(type)\r\nContent-Length: \(message.body.utf8.count)\r\n\r\n".utf8)
            let start = wire.count
            wire += Array(message.body.utf8)
            var scanned = 0
            let head = try #require(try HTTPHead.parse(wire.rawSpan, kind: .request, scanned: &scanned))
            if index % 2 == 0 {
                even.maskHTTP(&wire, head, head.framing(), isWhole: true)
            } else {
                odd.maskHTTP(&wire, head, head.framing(), isWhole: true)
            }
            let after = try event(String(decoding: wire[start...], as: UTF8.self), isForm: message.isForm)
            pairs.append((message.event, after))
        }
        for part in [\Event.user, \Event.device, \Event.card] {
            let forth = Dictionary(grouping: pairs) { $0.before[keyPath: part] }
            let back = Dictionary(grouping: pairs) { $0.after[keyPath: part] }
            #expect(forth.values.allSatisfy { Set($0.map { $0.after[keyPath: part] }).count == 1 })
            #expect(back.values.allSatisfy { Set($0.map { $0.before[keyPath: part] }).count == 1 })
            #expect(Set(forth.keys).isDisjoint(with: back.keys))
        }
        // With names that are one to one, graphs over them are isomorphic; and the counts by which a rule decides are equal.
        #expect(Set(pairs.map(\.before)).count == Set(pairs.map(\.after)).count)
        func decisions(_ events: [Event]) -> [Bool] {
            events.indices.map { index in
                let window = events[max(0, index - 60)...index]
                let cards = Set(window.filter { $0.device == events[index].device }.map(\.card))
                return window.count { $0.user == events[index].user } > 1 || cards.count > 2
            }
        }
        let before = decisions(pairs.map(\.before))
        #expect(before.contains(true) && before.contains(false))
        #expect(decisions(pairs.map(\.after)) == before)
    }
}
