import Bytes
import Expression
import YAML

/// Numbers by distribution.
extension GeneratorReader {
    static func distribution(_ kind: String, _ value: YAMLNode, _ map: YAMLMapping) throws(YAMLError)
        -> Generator
    {
        let scale = Int(try map["decimals"]?.int("decimals", in: 0...9) ?? 0)
        switch kind {
        case "uniform":
            let ends = try value.sequence("[least, greatest]")
            guard ends.count == 2 else {
                throw value.expected("[least, greatest]", remedy: "Write two numbers, like [1, 100].")
            }
            let (low, high) = (try ends[0].scaled(scale), try ends[1].scaled(scale))
            guard low <= high else {
                throw YAMLError("the least is above the greatest", at: value.mark, remedy: "Swap them.")
            }
            return .uniform(low: low, high: high, scale: scale)
        case "zipf":
            let parts = try value.mapping("a Zipf distribution", keys: ["count", "exponent"])
            return .zipf(
                count: UInt64(try parts.required("count").int("a count", in: 1...1_000_000_000_000)),
                exponent: try exponent(try parts.required("exponent")))
        default:
            let centre = kind == "normal" ? "mean" : "median"
            let width = kind == "normal" ? "sd" : "sigma"
            let parts = try value.mapping("a \(kind) distribution", keys: [centre, width, "min", "max"])
            let middle = try parts.required(centre).scaled(scale)
            let low = try parts["min"]?.scaled(scale) ?? (kind == "normal" ? Int64.min / 4 : 0)
            let high = try parts["max"]?.scaled(scale) ?? Int64.max / 4
            guard low <= high else { throw YAMLError("min is above max", at: value.mark, remedy: "Swap them.") }
            if kind == "normal" {
                let deviation = try parts.required(width).scaled(scale)
                guard deviation >= 0 else {
                    throw YAMLError("sd is negative", at: value.mark, remedy: "Give a deviation of 0 or more.")
                }
                return .normal(mean: middle, deviation: deviation, low: low, high: high, scale: scale)
            }
            let sigma = try parts.required(width).scaled(4)
            guard (0...50_000).contains(sigma), middle > 0 else {
                throw YAMLError(
                    "a median above 0 and a sigma from 0 to 5 are needed", at: value.mark,
                    remedy: "Write {median: 4500, sigma: 0.9}.")
            }
            return .logNormal(median: middle, sigma: sigma, low: low, high: high, scale: scale)
        }
    }

    /// Distributions that become a ``QuantileTable``.
    static func tabulated(_ kind: String, _ value: YAMLNode, _ map: YAMLMapping) throws(YAMLError) -> Generator {
        let scale = Int(try map["decimals"]?.int("decimals", in: 0...9) ?? 0)
        func positive(_ node: YAMLNode) throws(YAMLError) -> Int64 {
            let number = try node.scaled(scale)
            guard number > 0, number < QuantileTable.limit >> 20 else {
                throw YAMLError(
                    "a number above 0 is needed", at: node.mark, remedy: "At most \(QuantileTable.limit >> 20).")
            }
            return number
        }
        func shape(_ node: YAMLNode, _ least: Int64, _ greatest: Int64) throws(YAMLError) -> Int64 {
            let number = try node.scaled(4, "a shape")
            guard (least...greatest).contains(number) else {
                throw YAMLError(
                    "the shape is out of range", at: node.mark,
                    remedy: "It lies between \(least / 10_000).\((least % 10_000) / 100) and \(greatest / 10_000).")
            }
            return number
        }
        switch kind {
        case "exponential":
            let mean = try value.mapping("an exponential distribution", keys: ["mean"]).required("mean")
            return .quantiles(.weibull(shape: 10_000, scale: try positive(mean)), scale: scale)
        case "gamma":
            let parts = try value.mapping("a gamma distribution", keys: ["shape", "scale"])
            return .quantiles(
                .gamma(
                    shape: try shape(try parts.required("shape"), 500, 10_000_000),
                    scale: try positive(try parts.required("scale"))), scale: scale)
        case "weibull":
            let parts = try value.mapping("a Weibull distribution", keys: ["shape", "scale"])
            return .quantiles(
                .weibull(
                    shape: try shape(try parts.required("shape"), 1000, 100_000),
                    scale: try positive(try parts.required("scale"))), scale: scale)
        default:
            var points: [(probability: UInt64, value: Int64)] = []
            for entry in try value.entries("values by probability") {
                let key = YAMLNode(.string(entry.key), at: entry.keyMark, text: entry.key)
                let number = try entry.value.scaled(scale)
                guard number.magnitude < QuantileTable.pointLimit.magnitude else {
                    let most = "\(QuantileTable.pointLimit - 1)"
                    throw YAMLError(
                        "the number is too big", at: entry.value.mark,
                        remedy: scale == 0 ? "At most \(most)." : "At most \(most) in its last decimal: give fewer.")
                }
                points.append((try share(key), number))
            }
            points.sort { $0.probability < $1.probability }
            guard points.count >= 2, points.first?.probability == 0, points.last?.probability == 1_000_000_000,
                zip(points, points.dropFirst()).allSatisfy({ $0.value <= $1.value })
            else {
                throw YAMLError(
                    "quantiles rise from probability 0 to 1", at: value.mark,
                    remedy: "Write {0: 100, 0.5: 2500, 0.99: 90000, 1: 500000}.")
            }
            return .quantiles(QuantileTable(points: points), scale: scale, isEven: try map["even"]?.bool() ?? false)
        }
    }
}
