/// The anomalies that can be injected. What each does is said once, here; see the README for examples.
package enum AnomalyType: String, Sendable, CaseIterable {
    /// L0: the frame's length differs from what follows it.
    case frameLengthWrong
    /// L0: the last bytes of the request are not there.
    case truncate
    /// L0: the Content-Length differs from the body.
    case contentLengthMismatch
    /// L1: a field that every clean request has is not there.
    case requiredMissing
    /// L1: a value that the enumeration does not have.
    case enumOutside
    /// L1: an identifier whose check digit does not follow from the rest.
    case checkDigitBroken
    /// L1: a number just outside its bounds, or at the end of its type.
    case boundaryOverflow
    /// L1: a time in seconds where milliseconds belong.
    case secondsForMillis
    /// L2: the total is not the sum of its parts.
    case partsNotTotal
    /// L2: what must come first is dated later.
    case timesReversed
    /// L2: a currency that is not the country's.
    case countryCurrencyMismatch
    /// L2: an amount that stays just below a limit.
    case justUnderThreshold
    /// L4 campaign: one device tries many cards.
    case cardTesting
    /// L4 campaign: one entity acts far too often.
    case velocity
    /// L4 hard negative: many customers buy from one merchant at once.
    case flashSale
    /// L4 hard negative: many customers pay to one place on the day wages arrive.
    case paydayFanIn

    package var layer: String {
        switch self {
        case .frameLengthWrong, .truncate, .contentLengthMismatch: "L0"
        case .requiredMissing, .enumOutside, .checkDigitBroken, .boundaryOverflow, .secondsForMillis: "L1"
        case .partsNotTotal, .timesReversed, .countryCurrencyMismatch, .justUnderThreshold: "L2"
        case .cardTesting, .velocity, .flashSale, .paydayFanIn: "L4"
        }
    }

    var isCampaign: Bool { layer == "L4" }
    var isHardNegative: Bool { self == .flashSale || self == .paydayFanIn }
    var isWireFault: Bool { layer == "L0" }

    var defaultExpected: String {
        switch layer {
        case "L0", "L1": "reject"
        case "L2": "review"
        default: isHardNegative ? "pass" : "decline"
        }
    }

    var defaultDifficulty: String {
        switch self {
        case .justUnderThreshold, .flashSale, .paydayFanIn: "hard"
        case .checkDigitBroken, .partsNotTotal, .timesReversed, .countryCurrencyMismatch, .cardTesting, .velocity:
            "medium"
        default: "easy"
        }
    }

    /// The keys of the scenario that the type reads.
    var parameterKeys: [String] {
        switch self {
        case .frameLengthWrong, .truncate, .contentLengthMismatch: []
        case .requiredMissing, .enumOutside, .secondsForMillis: ["field"]
        case .checkDigitBroken: ["field", "identifier"]
        case .boundaryOverflow: ["field", "min", "max"]
        case .partsNotTotal: ["total", "parts"]
        case .timesReversed: ["earlier", "later"]
        case .countryCurrencyMismatch: ["country", "currency", "table"]
        case .justUnderThreshold: ["field", "threshold", "margin"]
        case .cardTesting, .velocity, .flashSale, .paydayFanIn: ["campaign"]
        }
    }
}
