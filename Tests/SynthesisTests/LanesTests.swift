import Testing

@testable import Synthesis

/// What is made for many exchanges at once is what is made for each alone.
@Suite struct LanesTests {
    @Test(arguments: Shipped.names)
    func `lanes have the values of machines with one lane`(name: String) throws {
        let plan = try Shipped.plan(Shipped.path(name), total: 3000, seed: 4)
        for image in plan.images {
            var alone = Machine(image, cohortCount: plan.scenario.cohortCount)
            var wide = Machine(image, cohortCount: plan.scenario.cohortCount, lanes: 8)
            for count in [8, 3] {
                for lane in 0..<count { wide.identities[lane] = identity(lane, count, plan) }
                wide.run(count: count)
                for lane in 0..<count {
                    alone.run(identity(lane, count, plan))
                    #expect(values(wide, lane) == values(alone, 0))
                    #expect(draws(alone))
                    #expect(wide.first(image.rules, lane) == alone.first(image.rules, 0))
                }
            }
        }
    }

    @Test(arguments: Shipped.names)
    func `compiled writing gives the bytes of general writing`(name: String) throws {
        let plan = try Shipped.plan(Shipped.path(name), total: 3000, seed: 5)
        let owner = TableOwner()
        for (number, image) in plan.images.enumerated() {
            var machine = Machine(image, cohortCount: plan.scenario.cohortCount)
            let format = plan.streams[plan.streamOfProgram[number]].format
            for index in 0..<20 {
                machine.run(identity(index, 20, plan))
                let compiled = written(machine, format)
                // Emissions elsewhere are another layout, although they say the same.
                machine.layout = owner.make(image.program.emissions)
                #expect(compiled == written(machine, format))
                machine.restore()
            }
        }
    }

    @Test func `permuting many is permuting each`() {
        let owner = TableOwner()
        for count in [1, 2, 3, 10, 999, 65_537, 100_000_000, 1 << 62] as [UInt64] {
            let permutation = Permutation(count: count, key: 0x1234_5678_9ABC_DEF0)
            let indices: [UInt64] = [0, 1, 2, 5, 998, 65_536, 99_999_999, 1 << 61]
            let places = owner.make(count: indices.count, UInt64(0))
            places.fill(permutation, owner.make([9, 9, 9, 9, 9, 9, 9, 9] + indices), column: 1)
            #expect((0..<indices.count).map { places[$0] } == indices.map { permutation[$0 % count] })
        }
    }

    @Test func `searches find what looking through finds`() {
        let owner = TableOwner()
        for count in 1...40 {
            let values = (0..<count).map { UInt64($0 / 2 * 10) }
            let table = owner.make([7] + values)
            for value in 0..<UInt64(count * 5 + 10) {
                let expected = values.lastIndex { $0 <= value } ?? 0
                #expect(values[table.lastNotAbove(value, from: 1, count: count)] == values[expected])
                #expect(WeightTable.find(value, table, 1, count) == values.count { $0 <= value })
            }
        }
    }

    @Test func `digits are those of the standard library`() {
        var numbers: [Int64] = [0, .max, .min, -1]
        var power: Int64 = 1
        for _ in 0..<18 {
            numbers += [power - 1, power, power + 1, -power, power * 7 + 3]
            power *= 10
        }
        for number in numbers {
            var arena = Arena()
            arena.append(decimal: number)
            #expect(String(decoding: arena.array(), as: UTF8.self) == String(number))
            for width in 1...20 {
                var padded = Arena()
                padded.append(number.magnitude, digits: width)
                let text = String(repeating: "0", count: 20) + String(number.magnitude)
                #expect(String(decoding: padded.array(), as: UTF8.self) == String(text.suffix(width)))
            }
            var hex = Arena()
            hex.append(hex: UInt32(truncatingIfNeeded: number))
            hex.append(hex: UInt16(truncatingIfNeeded: number))
            let (long, short) = (
                String(UInt32(truncatingIfNeeded: number), radix: 16), UInt16(truncatingIfNeeded: number)
            )
            let expected = String(("0000000" + long).suffix(8)) + String(("000" + String(short, radix: 16)).suffix(4))
            #expect(String(decoding: hex.array(), as: UTF8.self) == expected)
        }
    }

    // MARK: Helpers

    private func identity(_ number: Int, _ count: Int, _ plan: SynthesisPlan) -> Machine.Identity {
        let time = plan.timeShape.startNanos + plan.timeShape.spanNanos / 64 * UInt64(number)
        var identity = Machine.Identity(index: UInt64(number * 37 + count), timeNanos: time)
        (identity.campaign, identity.places) = (UInt64(number) / 3, 5)
        return identity
    }

    /// Numbers and texts of all cells; nil for those that are absent.
    private func values(_ machine: Machine, _ lane: Int) -> [String?] {
        (0..<Int32(machine.image.program.cellCount)).map { number in
            let cell = machine.cell(number, lane)
            return cell.isPresent ? "\(cell.int) \(machine.text(cell))" : nil
        }
    }

    /// What was drawn at once is what the generator, which is held to published answers, draws one by one.
    private func draws(_ machine: Machine) -> Bool {
        let draws = machine.image.draws
        return (0..<draws.count).allSatisfy { at in
            let counter = machine.register(Int(draws.scopes[at]), 0)
            return machine.draws[at] == Philox(key: draws.keys[at]).draw(counter, draws.uppers[at])
        }
    }

    private func written(_ machine: Machine, _ format: RequestFormat) -> [[UInt8]] {
        var space = RequestSpace(format)
        _ = format.write(machine, 0, index: 17, into: &space)
        var json = Arena()
        RequestWriter.json(machine, 0, into: &json)
        return [space.bytes(0..<space.count).array(), json.array()]
    }
}
