/// What may be done to the payload of a THeader frame, by the number that stands for it there (HeaderFormat.md of Apache
/// Thrift).
enum FrameTransform: UInt8, Sendable, CaseIterable {
    case zlib = 1

    /// As a scenario calls it.
    var name: String { "\(self)" }
}

/// Applies a list of transforms to one payload after the other.
struct FrameTransformer {
    private let transforms: [FrameTransform]
    private var deflate = FixedDeflate()

    init(_ transforms: [FrameTransform]) { self.transforms = transforms }

    /// Puts the transformed payload in place of everything from `start` on.
    mutating func apply(to arena: inout Arena, from start: Int) {
        for transform in transforms {
            switch transform {
            case .zlib: deflate.compress(&arena, from: start)
            }
        }
    }
}
