/// Which entities take part in an exchange.
extension Machine {
    func pick(_ step: Program.Step, _ lane: Int, _ tables: Tables) {
        let identity = identities[lane]
        if step.op == .pickCast { return pickCast(step, lane, tables.permutations) }
        let bits =
            step.draws >= 0
            ? pickDraws[Int(step.draws) &* lanes &+ lane] : step.philox.draw(register(step.drawScope, lane))
        // Entity numbers interleave the cohorts, so that each has its share of the frequent ones.
        let cohorts = step.op == .pickFree && step.c == 1 ? cohortCount : 1
        let cohort = cohorts > 1 ? identity.cohort : 0
        let number: UInt64
        switch step.op {
        case .pickOwned:
            number = register(Int(step.other), lane) &* UInt64(step.a) &+ scale(bits, to: UInt64(step.a))
        case .pickShared:
            // Which of the owner's links, and then what every exchange finds at its end.
            let link = register(Int(step.other), lane) &* UInt64(step.a) &+ scale(bits, to: UInt64(step.a))
            let shared = Philox(key: UInt64(bitPattern: step.c)).draw(link)
            number = ZipfSampler.rank(shared, tables.zipfs[Int(step.table)])
        case .pickNear:
            let at = Int(step.a) + Int(clamping: register(Int(step.other), lane))
            let (from, to) = (tables.numbers[at], tables.numbers[at + 1])
            number =
                to == from
                ? scale(bits, to: UInt64(step.b))
                : tables.numbers[Int(step.c) + Int(clamping: from + scale(bits, to: to - from))]
        case .pickWeighted:
            var low = 0
            var high = Int(step.b) - 1
            while low < high {
                let middle = (low + high) / 2
                if tables.numbers[Int(step.a) + middle] <= bits { low = middle + 1 } else { high = middle }
            }
            number = UInt64(low)
        default:
            number = ZipfSampler.rank(bits, tables.zipfs[Int(step.table)]) &* cohorts &+ cohort
        }
        registers[Int(step.cell) &* lanes &+ lane] = number
    }
}
