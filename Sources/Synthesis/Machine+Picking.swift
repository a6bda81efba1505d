/// Which entities take part in an exchange.
extension Machine {
    mutating func pick(_ step: Program.Step, _ identity: Identity, _ tables: Tables) {
        let by = Program.Pick(rawValue: step.count) ?? .byExchange
        let counter = by == .byExchange ? identity.index : identity.campaign
        // Entity numbers interleave the cohorts, so that each has its share of the frequent ones.
        let cohorts = step.op == .pickFree && step.c == 1 ? cohortCount : 1
        let cohort = cohorts > 1 ? identity.cohort : 0
        let number: UInt64
        switch step.op {
        case .pickOwned:
            number = registers[Int(step.other)] &* UInt64(step.a) &+ step.philox.below(UInt64(step.a), counter)
        case .pickShared:
            // Which of the owner's links, and then what every exchange finds at its end.
            let link = registers[Int(step.other)] &* UInt64(step.a) &+ step.philox.below(UInt64(step.a), counter)
            let bits = Philox(key: UInt64(bitPattern: step.c)).draw(link)
            number = ZipfSampler.rank(bits, tables.zipfs[Int(step.table)])
        case .pickNear:
            let at = Int(step.a) + Int(clamping: registers[Int(step.other)])
            let (from, to) = (tables.numbers[at], tables.numbers[at + 1])
            let bits = step.philox.draw(counter)
            number =
                to == from
                ? scale(bits, to: UInt64(step.b))
                : tables.numbers[Int(step.c) + Int(clamping: from + scale(bits, to: to - from))]
        case .pickWeighted:
            let bits = step.philox.draw(counter)
            var low = 0
            var high = Int(step.b) - 1
            while low < high {
                let middle = (low + high) / 2
                if tables.numbers[Int(step.a) + middle] <= bits { low = middle + 1 } else { high = middle }
            }
            number = UInt64(low)
        default:
            number = ZipfSampler.rank(step.philox.draw(counter), tables.zipfs[Int(step.table)]) &* cohorts &+ cohort
        }
        registers[Int(step.cell)] = number
    }
}
