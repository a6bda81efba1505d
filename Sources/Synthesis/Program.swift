/// A scenario compiled for one kind of exchange: steps that make every value into a cell, and emissions that write the
/// cells as a request. Everything the inner loop touches is a trivial type in a flat array.
struct Program: Sendable {
    /// Its position among the plan's programs.
    var number = 0
    var steps: [Step] = []
    var emissions: [Emission] = []
    /// Which cell each written field takes its value from; an anomaly puts another one there for a moment.
    var slots: [Int32] = []
    var cellCount = 0
    /// Texts that never change; what is made for an exchange is appended behind them.
    var arena: [UInt8] = []
    var choices: [Choice] = []
    var thresholds: [UInt64] = []
    var operands: [Int32] = []
    var zipfs: [ZipfSampler] = []
    var permutations: [Permutation] = []
    /// Neighbours of entities, sums of weights, numbers of drawn entities.
    var numbers: [UInt64] = []
    /// How many numbers are held: the exchange's index, the campaign's or flow's number, then one for each entity.
    var registerCount = 2
    /// Registers by entity.
    var registerOfEntity: [String: Int] = [:]
    /// Values of the scenario's HTTP headers, in order.
    var headerCells: [Int32] = []
    /// Decisions that the scenario expects; the first that holds counts.
    var rules: [Rule] = []
    /// Labels of the scenario, likewise; `decision` is the number of the label.
    var labels: [Rule] = []
    /// When the scenario begins.
    var startNanos: UInt64 = 0
    /// The first emission opens the only argument, the last closes it.
    var isWrapped = false
    /// Slots of written fields by dotted name; elements of lists as `items.0.quantity`.
    var slotOfField: [String: Int] = [:]
    /// Parallel to ``slots``: how many decimals a number has.
    var scaleOfSlot: [Int32] = []

    struct Choice: Sendable {
        var int: Int64
        var start: Int32
        var length: Int32
    }

    enum Op: UInt8, Sendable {
        /// registers[cell] := a cohort's rank, by exchange, campaign or distinct (`count` is the ``Pick``).
        case pickFree
        /// registers[cell] := registers[other]·a + one of a.
        case pickOwned
        /// registers[cell] := one of b that the owner's choice among a leads to, by a function keyed with c.
        case pickShared
        /// registers[cell] := one of those that stand near registers[other].
        case pickNear
        /// registers[cell] := one of b in proportion to its weight.
        case pickWeighted
        /// registers[cell] := one of the campaign's own; see ``Machine/pickCast(_:_:_:)``.
        case pickCast
        case setConstant, weights, uniform, normal, logNormal, quantiles, zipf, pattern, sequence, unique, permuted
        case uuid, bytes
        case copy, first, last, middle, template, eventTime, time, date, identifier, format, lookup
        /// Arithmetic on the cells `other` and `table`; see ``Machine/compute(_:)``.
        case compute
        /// 1 when the cell `other` is the choice `table`, or is there at all.
        case equalsText, exists
        /// 1 when registers[other] is among those drawn at this time.
        case drawn
        /// Uniform bits that are correlated with others.
        case copula
        /// Uniform bits at the step that permutations[other] puts the number of the scope's register to.
        case evenBits
        case setZero, addTerm
        /// Jumps to `other` with the given probability's complement.
        case skipUnlessDrawn
        /// Jumps to `other` unless cell `cell` is present.
        case skipUnlessPresent
        /// Jumps to `other` unless cell `cell` is above `a`.
        case skipUnlessAbove
        /// Jumps to `other` unless cell `cell` is one of the choices, or within a…b.
        case skipUnlessIn, skipUnlessWithin
        /// Jumps to the operand of the choice that equals cell `other`, else to the last operand.
        case branch
        case jump
        case markPresent
    }

    struct Step: Sendable {
        var op: Op
        /// The register that counts this step's draws.
        var scope: UInt8 = 0
        /// A jump may pass it.
        var isConditional = false
        var cell: Int32 = 0
        var other: Int32 = 0
        var table: Int32 = 0
        var count: Int32 = 0
        /// The cell that holds the uniform bits to use; -1 draws them.
        var bits: Int32 = -1
        /// Where its draws stand among those that are made at once; -1 when they are not.
        var draws: Int32 = -1
        var philox = Philox(key: 0)
        var a: Int64 = 0
        var b: Int64 = 0
        var c: Int64 = 0
    }

    /// A decision with the steps that must not jump away for it to hold.
    struct Rule: Sendable {
        var tests: [Step]
        var decision: String
    }

    enum Pick: Int32, Sendable { case byExchange, byCampaign }

    struct Emission: Sendable {
        enum Op: UInt8, Sendable {
            case value, beginStruct, endStruct, beginList, element, endList, beginMap, mapKey, endMap
        }

        enum Form: UInt8, Sendable {
            case bool, i8, i16, i32, i64, double, string, binary, enumeration, structure
            /// For anomalies: null, -0, and an enumeration's case as text in Thrift, as a number in JSON.
            case null, negativeZero, swappedCase
        }

        var op: Op
        var form: Form = .i64
        /// Thrift field id.
        var id: Int16 = 0
        var slot: Int32 = -1
        /// Where to go on when it is absent, or when a list has no more elements.
        var skip: Int32 = 0
        /// `"name":` in the arena, with the escapes of JSON.
        var nameStart: Int32 = 0
        var nameLength: Int32 = 0
        /// A map's key in the arena, as it is.
        var keyStart: Int32 = 0
        var keyLength: Int32 = 0
        /// The element's position, or a map's number of entries.
        var ordinal: Int32 = 0
        var scale: Int32 = 0
        /// A set rather than a list.
        var isSet = false
        /// Stands in a list or map, without a header of its own.
        var isElement = false
    }
}

/// One value of an exchange. A value may have a number, a text, or both (an enumeration's value and name).
///
/// Sixteen bytes, four to a line of the processor's cache: that it is absent is told by the length.
struct Cell: Sendable {
    var int: Int64 = 0
    /// In the machine's arena.
    var start: Int32 = 0
    /// Below 0 when there is no value.
    var length: Int32 = -1

    init(int: Int64 = 0, start: Int32 = 0, length: Int32 = 0, isPresent: Bool = false) {
        self.int = int
        self.start = start
        self.length = isPresent ? length : -1
    }

    var isPresent: Bool {
        @inline(__always) get { length >= 0 }
        set { length = newValue ? max(0, length) : -1 }
    }
}
