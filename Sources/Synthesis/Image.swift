/// A program in tables, as a machine runs it.
final class Image: Sendable {
    let program: Program
    let steps: Table<Program.Step>
    let emissions: Table<Program.Emission>
    let slots: Table<Int32>
    let choices: Table<Program.Choice>
    let thresholds: Table<UInt64>
    let operands: Table<Int32>
    let zipfs: Table<ZipfTable>
    let permutations: Table<Permutation>
    let numbers: Table<UInt64>
    let normals: Table<Int64>
    let powers: Table<UInt64>
    let text: Table<UInt8>
    private let owner: TableOwner

    /// A Zipf sampler's ranks and thresholds.
    struct ZipfTable: BitwiseCopyable {
        var starts: Table<UInt64>
        var cumulative: Table<UInt64>
    }

    init(_ program: Program) {
        let owner = TableOwner()
        self.program = program
        self.owner = owner
        steps = owner.make(program.steps)
        emissions = owner.make(program.emissions)
        slots = owner.make(program.slots)
        choices = owner.make(program.choices)
        thresholds = owner.make(program.thresholds)
        operands = owner.make(program.operands)
        zipfs = owner.make(
            program.zipfs.map { ZipfTable(starts: owner.make($0.starts), cumulative: owner.make($0.cumulative)) })
        permutations = owner.make(program.permutations)
        numbers = owner.make(program.numbers)
        normals = owner.make(normalTailQuantiles)
        powers = owner.make(PowerTable.steps)
        text = owner.make(program.arena)
    }
}
