import Tape

/// One request, ready to be sent: bytes in which all that is constant for the run already stands.
@safe
struct Template {
    /// How the end of the reply is found.
    enum Reply: UInt8 {
        /// Oneway calls.
        case none
        case http
        /// A reply to HEAD has no body, whatever its head says.
        case httpHead
        /// A length of four bytes before each message: framed Thrift and the header transports.
        case frame
        /// Thrift without a length: the end is found by parsing.
        case unframed
    }

    /// Within the block's arena, which owns them.
    var bytes: UnsafeMutablePointer<UInt8>
    var length: Int32
    var reply: Reply
    var format = WireFormat()
    /// Encoding of a Thrift message, sent or received.
    var isCompact = false
    var isWireFault = false
    var isTagged = true
    /// Index of the target in the run's list.
    var target: UInt8 = 0
    /// Index in the run's list of operations.
    var operation: UInt16 = 0
    /// Offset of a seqid of four bytes; below 0 when there is none to fill.
    var seqidOffset: Int32 = -1
    /// Slots that are filled anew from the second round on.
    var firstSlot: Int32 = 0
    var slotCount: Int32 = 0
    /// Which connection it belongs to; ``free`` when any will do.
    var flow: UInt32 = Template.free
    /// Position among what is sent in the first round, and in later ones (``refused`` when it is not sent then).
    var sequence: UInt64 = 0
    var laterSequence: UInt64 = 0
    var recordedOffsetNanos: UInt64 = 0
    var sourceID: UInt64 = 0

    static let free = UInt32.max
    static let refused = UInt64.max
}

/// A span of a template that gets a fresh value of the same width and character classes in each later round.
@safe
struct IdentitySlot {
    enum Kind: UInt8 {
        /// Letters stay letters of their case, digits digits, hexadecimal digits such; the rest stays.
        case text
        /// Big-endian integer of the slot's width.
        case integer
    }

    var offset: Int32
    var length: Int32
    var kind: Kind
    /// Digest of the value on the tape: equal values get equal fresh ones, wherever they stand.
    var key: UInt64
    /// The value on the tape, within the block's arena.
    var original: UnsafePointer<UInt8>
}

/// Some hundreds of templates with the memory that they share. Belongs to one loop once it is handed over.
@safe
final class TemplateBlock: @unchecked Sendable {
    // Written by the feeder before it is pushed through the queue, then used by one loop only.
    let templates: UnsafeMutablePointer<Template>
    let slots: UnsafeMutablePointer<IdentitySlot>
    private let arena: UnsafeMutablePointer<UInt8>
    private(set) var count = 0
    private(set) var slotCount = 0
    private var used = 0
    let templateCapacity: Int
    private let slotCapacity: Int
    private let arenaCapacity: Int

    init(templateCapacity: Int, slotCapacity: Int, arenaCapacity: Int) {
        unsafe templates = .allocate(capacity: max(1, templateCapacity))
        unsafe slots = .allocate(capacity: max(1, slotCapacity))
        unsafe arena = .allocate(capacity: max(1, arenaCapacity))
        self.templateCapacity = templateCapacity
        self.slotCapacity = slotCapacity
        self.arenaCapacity = arenaCapacity
    }

    deinit {
        unsafe templates.deallocate()
        unsafe slots.deallocate()
        unsafe arena.deallocate()
    }

    /// Of all requests in it.
    var requestBytes: UInt64 {
        (0..<count).reduce(0) { unsafe $0 + UInt64(clamping: templates[$1].length) }
    }

    var byteCount: Int { arenaCapacity + templateCapacity * MemoryLayout<Template>.stride }

    /// What one exchange becomes, before it has a place in a block.
    struct Draft {
        var bytes: [UInt8]
        var reply: Template.Reply
        var format = WireFormat()
        var isCompact = false
        var isWireFault = false
        var isTagged = true
        var target: UInt8 = 0
        var operation: UInt16 = 0
        var seqidOffset = -1
        var slots: [IdentitySpan] = []
        var flow = Template.free
        var sequence: UInt64 = 0
        var laterSequence: UInt64 = 0
        var recordedOffsetNanos: UInt64 = 0
        var sourceID: UInt64 = 0
    }

    /// False when there is no room left; an empty block made by ``roomy(for:)`` takes any draft.
    func append(_ draft: Draft) -> Bool {
        let slotBytes = draft.slots.reduce(0) { $0 + $1.range.count }
        guard count < templateCapacity, slotCount + draft.slots.count <= slotCapacity,
            used + draft.bytes.count + slotBytes <= arenaCapacity
        else { return false }
        let base = unsafe arena + used
        unsafe draft.bytes.withUnsafeBufferPointer { bytes in
            if let source = bytes.baseAddress { unsafe base.initialize(from: source, count: bytes.count) }
        }
        used += draft.bytes.count
        var template = unsafe Template(bytes: base, length: Int32(clamping: draft.bytes.count), reply: draft.reply)
        template.format = draft.format
        template.isCompact = draft.isCompact
        template.isWireFault = draft.isWireFault
        template.isTagged = draft.isTagged
        template.target = draft.target
        template.operation = draft.operation
        template.seqidOffset = Int32(clamping: draft.seqidOffset)
        template.firstSlot = Int32(clamping: slotCount)
        template.slotCount = Int32(clamping: draft.slots.count)
        template.flow = draft.flow
        template.sequence = draft.sequence
        template.laterSequence = draft.laterSequence
        template.recordedOffsetNanos = draft.recordedOffsetNanos
        template.sourceID = draft.sourceID
        for slot in draft.slots {
            let original = unsafe arena + used
            unsafe original.initialize(from: base + slot.range.lowerBound, count: slot.range.count)
            used += slot.range.count
            let key = unsafe FreshValues.key(original, slot.range.count)
            unsafe (slots + slotCount).initialize(
                to: IdentitySlot(
                    offset: Int32(clamping: slot.range.lowerBound), length: Int32(clamping: slot.range.count),
                    kind: slot.kind == .text ? .text : .integer, key: key, original: original))
            slotCount += 1
        }
        unsafe (templates + count).initialize(to: template)
        count += 1
        return true
    }

    static let usualTemplates = 1024
    static let usualBytes = 1 << 20

    /// A block of the usual size, larger only if `draft` needs it.
    static func roomy(for draft: Draft) -> TemplateBlock {
        let slotBytes = draft.slots.reduce(0) { $0 + $1.range.count }
        return TemplateBlock(
            templateCapacity: usualTemplates, slotCapacity: max(2 * usualTemplates, draft.slots.count),
            arenaCapacity: max(usualBytes, draft.bytes.count + slotBytes))
    }
}

/// Fresh identities: a pure function of the value on the tape, the run and the round.
enum FreshValues {
    /// FNV-1a, mixed.
    static func key(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for index in 0..<count { hash = unsafe (hash ^ UInt64(bytes[index])) &* 0x100_0000_01B3 }
        return mix(hash)
    }

    /// SplitMix64's finaliser.
    @inline(__always)
    static func mix(_ value: UInt64) -> UInt64 {
        var z = value
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// Writes the fresh value over the slot. Version and variant of a UUID stay, and so does whether a number begins
    /// with 0.
    static func fill(_ slot: IdentitySlot, in bytes: UnsafeMutablePointer<UInt8>, round: UInt32, seed: UInt64) {
        let target = unsafe bytes + Int(slot.offset)
        let count = Int(slot.length)
        var state = mix(slot.key ^ mix(seed &+ UInt64(round) &* 0x9E37_79B9_7F4A_7C15))
        if slot.kind == .integer {
            // The topmost two bits stay, so that ids keep their sign and do not overflow where they are counted on.
            for index in 0..<count {
                let keep: UInt8 = unsafe slot.original[index] == 0 ? 0xFF : index == 0 ? 0xC0 : 0
                unsafe target[index] = slot.original[index] & keep | UInt8(truncatingIfNeeded: state) & ~keep
                state = mix(state &+ 0x9E37_79B9_7F4A_7C15)
            }
            return
        }
        let isHexadecimal = unsafe looksHexadecimal(slot.original, count)
        let isUUID = unsafe count == 36 && slot.original[8] == 0x2D && slot.original[13] == 0x2D
        for index in 0..<count {
            let byte = unsafe slot.original[index]
            let draw = UInt8(truncatingIfNeeded: (state >> 32) &* 0x9E37_79B1 >> 24)
            state = mix(state &+ 0x9E37_79B9_7F4A_7C15)
            if isUUID && (index == 14 || index == 19) {
                unsafe target[index] = byte
                continue
            }
            switch byte {
            case 0x30...0x39 where isHexadecimal: unsafe target[index] = hexDigit(draw & 15, upper: false)
            case 0x61...0x66 where isHexadecimal: unsafe target[index] = hexDigit(draw & 15, upper: false)
            case 0x41...0x46 where isHexadecimal: unsafe target[index] = hexDigit(draw & 15, upper: true)
            case 0x31...0x39 where index == 0: unsafe target[index] = 0x31 + draw % 9
            case 0x30...0x39 where index > 0: unsafe target[index] = 0x30 + draw % 10
            case 0x61...0x7A: unsafe target[index] = 0x61 + draw % 26
            case 0x41...0x5A: unsafe target[index] = 0x41 + draw % 26
            default: unsafe target[index] = byte
            }
        }
    }

    private static func hexDigit(_ value: UInt8, upper: Bool) -> UInt8 {
        value < 10 ? 0x30 + value : (upper ? 0x37 : 0x57) + value
    }

    /// Digits and at least one of a…f, and no other letter: 16 characters or more.
    private static func looksHexadecimal(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> Bool {
        if count < 16 { return false }
        var letters = 0
        for index in 0..<count {
            switch unsafe bytes[index] {
            case 0x30...0x39, 0x2D: continue
            case 0x61...0x66, 0x41...0x46: letters += 1
            default: return false
            }
        }
        return letters > 0
    }
}
