/// A part of a table as a collection of bytes, for those who look at it while the table's owner lives and nobody writes.
package struct TableSlice: RandomAccessCollection, BitwiseCopyable, Sendable {
    let table: Table<UInt8>
    package let startIndex: Int
    package let endIndex: Int

    private static let owner = TableOwner()
    static let empty = TableSlice(owner.make(count: 1, 0), 0..<0)

    /// `range` must lie within the table.
    init(_ table: Table<UInt8>, _ range: Range<Int>) {
        precondition(range.lowerBound >= 0 && range.upperBound <= table.count)
        self.table = table
        startIndex = range.lowerBound
        endIndex = range.upperBound
    }

    @inline(__always)
    package subscript(_ index: Int) -> UInt8 { table[index] }

    @inline(__always)
    package subscript(_ range: Range<Int>) -> TableSlice {
        precondition(range.lowerBound >= startIndex && range.upperBound <= endIndex)
        return TableSlice(table, range)
    }

    package func array() -> [UInt8] { table.array(startIndex..<endIndex) }
}
