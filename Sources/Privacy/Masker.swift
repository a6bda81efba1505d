import Bytes
import HTTP1
package import Schema

/// What all threads of a recording mask by.
package struct MaskingPlan: Sendable {
    package enum Mode: Sendable {
        /// Values are replaced as the policy says.
        case mask
        /// All but a few characters of each value become stars: for people who look at what is not masked.
        case display
        /// Nothing is changed.
        case scan
    }

    package let policy: MaskingPolicy
    package let key: MaskingKey
    package let mode: Mode
    let classes: ThriftClasses
    let fields: FieldNames

    /// - Parameter schema: what it says of its fields' classes (`pii.class`, `x-pii-class`) comes before the policy's names.
    package init(
        policy: MaskingPolicy = .builtIn, key: MaskingKey, schema: SchemaSet = SchemaSet(), mode: Mode = .mask
    ) {
        self.policy = policy
        self.key = key
        self.mode = mode
        var fields = policy.fields
        ThriftClasses.addRoutes(of: schema, to: &fields)
        self.fields = fields
        classes = ThriftClasses(schema, fields)
    }
}

/// A place where something was found, and changed unless the plan only scans.
package struct MaskedSpan: Sendable, Equatable {
    package var range: Range<Int>
    package var personal: PersonalClass
}

/// Where a value stands in a message whose pseudonym is still to come: nobody may be shown the message before.
package struct DeferredPlace: Sendable {
    package var offset: Int
    fileprivate var number: Int
}

/// Masks messages, one at a time. Not for several threads at once: each has its own, of the same plan.
///
/// It cannot be copied, because a compiler would do that where nobody sees it, and each copy counts a hundred references.
package struct Masker: ~Copyable {
    package let plan: MaskingPlan
    /// What was changed in the last message, in no particular order.
    package internal(set) var spans: [MaskedSpan] = []
    /// Bodies that could not be decoded, and are not to be kept, or were written anew, in the last message.
    package internal(set) var outcome = Outcome()

    /// Places in the last message for whose pseudonyms ``settle()`` has to be called.
    package private(set) var deferred: [DeferredPlace] = []

    package struct Outcome: Sendable, Equatable {
        /// Why a body had to be left out; empty when none had.
        package var dropped = ""
        /// The coding of a body that was written anew with its content masked; empty when none was.
        package var reencoded = ""
    }

    var pseudonyms: Pseudonyms
    var finder = ValueFinder()
    /// Those in which nothing is masked, with the media type of the body.
    var headerLines = HeaderLines()
    /// Bodies of HTTP that come again and again.
    var bodies = KnownBodies()
    /// Of a Thrift message.
    var findings = ThriftWalker.Findings()
    /// How deep one text stands in another.
    var depth = 0
    /// What is masked is the message itself, and who asked for it calls ``settle()``.
    var defers = false

    package init(_ plan: MaskingPlan) {
        self.plan = plan
        pseudonyms = Pseudonyms(plan.key)
    }

    mutating func begin() {
        spans.empty()
        deferred.empty()
        if !outcome.dropped.isEmpty || !outcome.reencoded.isEmpty { outcome = Outcome() }
        depth = 0
        defers = false
    }

    /// The places that were deferred in the last message, in the memory of those that are no longer needed.
    package mutating func takeDeferred(_ places: inout [DeferredPlace]) {
        places.empty()
        if !deferred.isEmpty { swap(&places, &deferred) }
    }

    /// Makes the pseudonyms of all places that were deferred, in whichever messages; ``showPseudonym(of:_:)`` has them until
    /// another message is masked.
    package mutating func settle() { pseudonyms.settle() }

    /// Shows `body` what is to be put into a place that was deferred.
    package func showPseudonym(of place: DeferredPlace, _ body: (RawSpan) -> Void) {
        body(pseudonyms.waiting.pseudonym(place.number))
    }

    /// Masks a text of any kind, such as what stands outside of messages: the address of a client.
    package mutating func maskText(_ text: inout [UInt8]) {
        begin()
        maskValue(&text, 0..<text.count)
    }

    // MARK: Values

    /// Changes a value of a class. False when it is none, or is to be kept; it is then as it was.
    mutating func change(
        _ bytes: inout [UInt8], _ range: Range<Int>, _ personal: PersonalClass, isNumber: Bool = false
    ) -> Bool {
        if range.isEmpty { return true }
        let action = plan.policy.action(for: personal)
        if action == .keep { return false }
        if plan.mode == .display && personal.isSecret { return display(&bytes, range, personal) }
        if action == .drop {
            if plan.mode == .scan {
                // A placeholder is none of what it stands for.
                let mark = isNumber ? Placeholder.number : Placeholder.text
                if range.allSatisfy({ bytes[$0] == mark || bytes[$0] < 0x21 }) { return true }
            } else {
                fill(&bytes, range, personal, isNumber)
            }
            spans.append(MaskedSpan(range: range, personal: personal))
            return true
        }
        if plan.mode == .mask && !isNumber {
            switch pseudonyms.replace(&bytes, range, personal, defers: defers && depth == 0) {
            case .impossible: return false
            case .itself: break
            case .replaced: spans.append(MaskedSpan(range: range, personal: personal))
            case .deferred(let number):
                deferred.append(DeferredPlace(offset: range.lowerBound, number: number))
                spans.append(MaskedSpan(range: range, personal: personal))
            }
            return true
        }
        pseudonyms.text.assign(bytes.rawSpan, range)
        // A number of fewer digits than its class has lost the zeros in front.
        guard pseudonyms.replace(personal) || (isNumber && personal.isNumeric && pseudonyms.replace(.token)) else {
            return false
        }
        // An address that is nobody's, as of loopback.
        if pseudonyms.holds(bytes.rawSpan, range) { return true }
        if plan.mode == .display { return display(&bytes, range, personal) }
        if plan.mode == .mask {
            if let first = pseudonyms.text.first, first == 0x30, bytes[range.lowerBound] != 0x30,
                range.count > 1,
                pseudonyms.text[1] != 0x2E
            {
                // JSON has no numbers with zeros in front.
                pseudonyms.text[0] = bytes[range.lowerBound]
            }
            bytes.write(pseudonyms.text.rawSpan, at: range.lowerBound)
        }
        spans.append(MaskedSpan(range: range, personal: personal))
        return true
    }

    private func fill(_ bytes: inout [UInt8], _ range: Range<Int>, _ personal: PersonalClass, _ isNumber: Bool) {
        for at in range {
            let byte = bytes[at]
            // Lines stay lines: of a PEM block, of a folded header field.
            if byte == 10 || byte == 13 { continue }
            if byte == 0x20 || byte == 9, at > 0, bytes[at - 1] == 10 { continue }
            bytes[at] = isNumber ? Placeholder.number : Placeholder.text
        }
    }

    /// Changes what looks like a value of a class. Nobody looks at it again, so what cannot be made another value of its
    /// class, because it is found by other rules than it is replaced by, is replaced like a token: it never stays.
    mutating func changeFound(_ bytes: inout [UInt8], _ range: Range<Int>, _ personal: PersonalClass) {
        if plan.policy.action(for: personal) == .keep || change(&bytes, range, personal) { return }
        _ = change(&bytes, range, .token)
    }

    /// A value whose field has a name that means something.
    mutating func maskNamed(
        _ bytes: inout [UInt8], _ range: Range<Int>, _ meaning: FieldNames.Meaning, isNumber: Bool = false
    ) {
        if let personal = meaning.personal, !range.isEmpty {
            if !meaning.isWeak || Words.isValue(bytes.rawSpan, range, of: personal) {
                if change(&bytes, range, personal, isNumber: isNumber) { return }
            }
        } else if meaning == .ordinary {
            return
        }
        maskValue(&bytes, range, isNumber: isNumber)
    }

    /// A value of which nothing is known.
    mutating func maskValue(_ bytes: inout [UInt8], _ range: Range<Int>, isNumber: Bool = false) {
        if range.count < 5 { return }
        if !isNumber, let match = Words.whole(bytes.rawSpan, range) {
            if change(&bytes, match.range, match.personal) { return }
        }
        maskFound(&bytes, range, isNumber: isNumber)
    }

    /// A text that holds values, JSON or any other.
    mutating func maskFound(
        _ bytes: inout [UInt8], _ range: Range<Int>, isJSON: Bool = false, isNumber: Bool = false
    ) {
        finder.found.empty()
        if isJSON {
            finder.find(bytes.rawSpan, range, json: plan.fields)
        } else {
            finder.find(bytes.rawSpan, range, isNumber: isNumber)
        }
        if finder.found.isEmpty { return }
        // What is found within what is found needs the list, too.
        var found: [ValueFinder.Finding] = []
        swap(&found, &finder.found)
        for finding in found {
            switch finding.kind {
            case .value: if let personal = finding.meaning.personal { changeFound(&bytes, finding.range, personal) }
            case .named: maskNamed(&bytes, finding.range, finding.meaning, isNumber: finding.isNumber)
            case .escaped: maskEscaped(&bytes, finding.range, finding.meaning, .json)
            }
        }
        swap(&found, &finder.found)
    }

    /// Text that may be JSON.
    mutating func maskContent(_ bytes: inout [UInt8], _ range: Range<Int>) {
        var at = range.lowerBound
        while at < range.upperBound, bytes[at] == 0x20 || bytes[at] == 10 || bytes[at] == 13 || bytes[at] == 9 {
            at += 1
        }
        guard at < range.upperBound else { return }
        let isJSON = bytes[at] == 0x7B || bytes[at] == 0x5B || bytes[at] == 0x22
        maskFound(&bytes, range, isJSON: isJSON)
    }

    // MARK: Encoded text

    /// Decodes a text, masks what it says, and writes what has changed back in the form in which it stood.
    mutating func maskEscaped(
        _ bytes: inout [UInt8], _ range: Range<Int>, _ meaning: FieldNames.Meaning, _ escaping: EncodedText.Escaping
    ) {
        guard depth < 8, let decoded = EncodedText(bytes.rawSpan, range, escaping) else {
            maskFound(&bytes, range)
            return
        }
        depth += 1
        defer { depth -= 1 }
        let mark = spans.count
        var text = decoded.text
        let whole = 0..<text.count
        if meaning.personal != nil {
            maskNamed(&text, whole, meaning)
        } else if let first = text.first, first == 0x7B || first == 0x5B {
            maskContent(&text, whole)
        } else {
            maskValue(&text, whole)
        }
        guard spans.count > mark else { return }
        if plan.mode != .scan { decoded.write(text, to: &bytes) }
        for index in mark..<spans.count { spans[index].range = decoded.place(of: spans[index].range) }
    }
}
