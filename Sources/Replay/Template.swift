import Signing
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
    /// The format as one number, never 0.
    var speech: UInt32 = 0
    /// Encoding of a Thrift message, sent or received.
    var isCompact = false
    var isWireFault = false
    var isTagged = true
    /// The last request of its recorded flow, where that matters.
    var endsFlow = false
    /// Declared to have the same effect once or twice, so that it may be sent again.
    var isIdempotent = false
    /// How long waiting for its reply may take.
    var timeoutNanos: UInt64 = 0
    /// What comes later than this after the due time is late; `.max`: nothing is.
    var budgetNanos = UInt64.max
    /// Index of the target in the run's list.
    var target: UInt8 = 0
    /// Index in the run's list of operations.
    var operation: UInt16 = 0
    /// Offset of the seqid, of four bytes in Binary and five in Compact; below 0 when there is none to fill.
    var seqidOffset: Int32 = -1
    /// The same number stands in the frame's header too, at ``headerSeqidOffset``.
    var hasHeaderSeqid = false
    /// Its reply could not be told from another one's: nothing else may be in flight on its connection.
    var isExclusive = false
    /// How many other requests of its flow were in flight when it was recorded.
    var overlap: UInt16 = 0
    /// Slots that are filled anew from the second round on, or at each send. Within the block, which owns them.
    var slots: UnsafeMutablePointer<Slot>?
    var slotCount: Int32 = 0
    /// Any of them holds an event's time, and any is filled in the first round.
    var hasTimes = false
    var isFilledFirst = false
    /// What is done to the request once its slots are filled. Within the block likewise.
    var steps: UnsafeMutablePointer<FinishingStep>?
    var stepCount: Int32 = 0
    /// Two sends of it in the same round differ, so that what was sent cannot be made again for the run tape.
    var isUnrepeatable = false
    /// It carries a token that is fetched while the run lasts.
    var needsSharedToken = false
    /// Which connection it belongs to; ``free`` when any will do.
    var flow: UInt32 = Template.free
    /// The order that it keeps: what shares a lane is sent one after another, each after the end of the one before;
    /// ``free`` for none.
    var lane: UInt32 = Template.free
    /// What it shares with other requests through bindings, in its block; below 0 for nothing.
    var bound: Int32 = -1
    /// Position among what is sent in the first round, and in later ones (``refused`` when it is not sent then).
    var sequence: UInt64 = 0
    var laterSequence: UInt64 = 0
    var recordedOffsetNanos: UInt64 = 0
    var sourceID: UInt64 = 0

    static let free = UInt32.max
    static let refused = UInt64.max
    static let headerSeqidOffset = 8

    static func speech(_ format: WireFormat) -> UInt32 {
        1 << 24 | UInt32(format.protocol.rawValue) << 16 | UInt32(format.transport.rawValue) << 8
            | UInt32(format.encoding.rawValue)
    }

    /// Puts the values of the tape back into the slots of a copy.
    func restore(in bytes: UnsafeMutablePointer<UInt8>) {
        guard let slots = unsafe slots else { return }
        for index in 0..<Int(slotCount) {
            let slot = unsafe slots[index]
            if let original = unsafe slot.original {
                unsafe (bytes + Int(slot.offset)).update(from: original, count: Int(slot.length))
            }
        }
    }
}

/// Some hundreds of templates with the memory that they share. Belongs to one loop once it is handed over.
@safe
final class TemplateBlock: @unchecked Sendable {
    // Written by the feeder before it is pushed through the queue, then used by one loop only.
    let templates: UnsafeMutablePointer<Template>
    let slots: UnsafeMutablePointer<Slot>
    private let steps: UnsafeMutablePointer<FinishingStep>
    private let arena: UnsafeMutablePointer<UInt8>
    /// What the templates that have a part in bindings do.
    private(set) var boundCalls: [BoundCall] = []
    private(set) var count = 0
    private(set) var slotCount = 0
    private var stepCount = 0
    private var used = 0
    let templateCapacity: Int
    private let slotCapacity: Int
    private let stepCapacity: Int
    private let arenaCapacity: Int

    init(templateCapacity: Int, slotCapacity: Int, stepCapacity: Int = 0, arenaCapacity: Int) {
        unsafe templates = .allocate(capacity: max(1, templateCapacity))
        unsafe slots = .allocate(capacity: max(1, slotCapacity))
        unsafe steps = .allocate(capacity: max(1, stepCapacity))
        self.stepCapacity = stepCapacity
        unsafe arena = .allocate(capacity: max(1, arenaCapacity))
        self.templateCapacity = templateCapacity
        self.slotCapacity = slotCapacity
        self.arenaCapacity = arenaCapacity
    }

    deinit {
        unsafe templates.deallocate()
        unsafe slots.deallocate()
        unsafe steps.deallocate()
        unsafe arena.deallocate()
    }

    /// Of all requests in it.
    var requestBytes: UInt64 {
        (0..<count).reduce(0) { unsafe $0 + UInt64(clamping: templates[$1].length) }
    }

    var byteCount: Int {
        arenaCapacity + templateCapacity * MemoryLayout<Template>.stride + slotCapacity * MemoryLayout<Slot>.stride
            + stepCapacity * MemoryLayout<FinishingStep>.stride
    }

    /// What one exchange becomes, before it has a place in a block.
    struct Draft {
        var bytes: [UInt8]
        var reply: Template.Reply
        var format = WireFormat()
        var isCompact = false
        var isWireFault = false
        var isTagged = true
        var endsFlow = false
        var isIdempotent = false
        var timeoutNanos: UInt64 = 0
        var target: UInt8 = 0
        var operation: UInt16 = 0
        var seqidOffset = -1
        var hasHeaderSeqid = false
        var isExclusive = false
        var overlap: UInt16 = 0
        var slots: [Slot] = []
        var steps: [DraftStep] = []
        /// Of the rules, those that hold for it.
        var changes: [Int] = []
        var flow = Template.free
        var lane = Template.free
        var bound: BoundCall?
        var sequence: UInt64 = 0
        var laterSequence: UInt64 = 0
        var recordedOffsetNanos: UInt64 = 0
        var sourceID: UInt64 = 0
        var budgetNanos = UInt64.max

        /// Whether something identifies it that is another one in each round.
        var hasIdentity: Bool { slots.contains(where: \.isIdentity) || bound.map { !$0.targets.isEmpty } ?? false }

        /// What the block's arena holds of it.
        fileprivate var arenaBytes: Int {
            bytes.count + slots.reduce(0) { $0 + Int($1.length) } + steps.reduce(0) { $0 + $1.bytes.count }
        }
    }

    /// False when there is no room left; an empty block made by ``roomy(for:)`` takes any draft.
    func append(_ draft: Draft) -> Bool {
        guard count < templateCapacity, slotCount + draft.slots.count <= slotCapacity,
            stepCount + draft.steps.count <= stepCapacity, used + draft.arenaBytes <= arenaCapacity
        else { return false }
        let base = unsafe arena + used
        unsafe draft.bytes.withUnsafeBufferPointer { bytes in
            if let source = bytes.baseAddress { unsafe base.initialize(from: source, count: bytes.count) }
        }
        used += draft.bytes.count
        var template = unsafe Template(bytes: base, length: Int32(clamping: draft.bytes.count), reply: draft.reply)
        template.format = draft.format
        template.speech = Template.speech(draft.format)
        template.isCompact = draft.isCompact
        template.isWireFault = draft.isWireFault
        template.isTagged = draft.isTagged
        template.endsFlow = draft.endsFlow
        template.isIdempotent = draft.isIdempotent
        template.timeoutNanos = draft.timeoutNanos
        template.target = draft.target
        template.operation = draft.operation
        template.seqidOffset = Int32(clamping: draft.seqidOffset)
        template.hasHeaderSeqid = draft.hasHeaderSeqid
        template.isExclusive = draft.isExclusive
        template.overlap = draft.overlap
        unsafe template.slots = slots + slotCount
        template.slotCount = Int32(clamping: draft.slots.count)
        template.hasTimes = draft.slots.contains { $0.kind == .time }
        template.isFilledFirst = draft.slots.contains(where: \.isFilledFirst)
        unsafe template.steps = steps + stepCount
        template.stepCount = Int32(clamping: draft.steps.count)
        template.isUnrepeatable =
            !draft.steps.isEmpty || draft.slots.contains { $0.kind == .now || $0.kind == .nonce }
        template.needsSharedToken = draft.steps.contains {
            $0.step.op == .token && $0.step.form == FinishingStep.sharedToken
        }
        template.flow = draft.flow
        template.lane = draft.lane
        if let bound = draft.bound {
            template.bound = Int32(clamping: boundCalls.count)
            boundCalls.append(bound)
        }
        template.sequence = draft.sequence
        template.laterSequence = draft.laterSequence
        template.recordedOffsetNanos = draft.recordedOffsetNanos
        template.sourceID = draft.sourceID
        template.budgetNanos = draft.budgetNanos
        for var slot in draft.slots {
            let original = unsafe arena + used
            unsafe original.initialize(from: base + Int(slot.offset), count: Int(slot.length))
            unsafe slot.original = UnsafePointer(original)
            used += Int(slot.length)
            unsafe (slots + slotCount).initialize(to: slot)
            slotCount += 1
        }
        for draftStep in draft.steps {
            var step = draftStep.step
            if !draftStep.bytes.isEmpty {
                let bytes = unsafe arena + used
                for (index, byte) in draftStep.bytes.enumerated() { unsafe (bytes + index).initialize(to: byte) }
                unsafe step.bytes = UnsafePointer(bytes)
                step.count = Int32(clamping: draftStep.bytes.count)
                used += draftStep.bytes.count
            }
            unsafe (steps + stepCount).initialize(to: step)
            stepCount += 1
        }
        unsafe (templates + count).initialize(to: template)
        count += 1
        return true
    }

    static let usualTemplates = 1024
    static let usualBytes = 1 << 20

    /// A block of the usual size, larger only if `draft` needs it.
    static func roomy(for draft: Draft) -> TemplateBlock {
        // Requests of one tape tend to have as many slots and steps as each other.
        TemplateBlock(
            templateCapacity: usualTemplates,
            slotCapacity: max(2 * usualTemplates, draft.slots.count * (usualTemplates / 4), draft.slots.count),
            stepCapacity: draft.steps.count * (usualTemplates / 2),
            arenaCapacity: max(usualBytes, draft.arenaBytes))
    }
}
