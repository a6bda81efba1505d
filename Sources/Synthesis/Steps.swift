extension Program {
    /// The steps that have to run for each exchange, with the operands of their jumps.
    ///
    /// Left out is what is the same for all: constants, which ``Machine`` puts into their cells once, and jumps that are
    /// never taken.
    func runningSteps(_ facts: ProgramFacts) -> (steps: [Step], operands: [Int32]) {
        var isLeftOut = [Bool](repeating: false, count: steps.count)
        for (at, step) in steps.enumerated() where !facts.isConditional[at] {
            guard step.op == .setConstant || step.op == .copy else { continue }
            isLeftOut[at] = facts.constants[Int(step.cell)] != nil
        }
        for (at, step) in steps.enumerated() where step.op == .skipUnlessPresent {
            if facts.isAlwaysPresent[Int(step.cell)] { isLeftOut[at] = true }
        }
        // Where each step went; a jump to one that is left out leads to what comes behind it.
        var places: [Int32] = []
        var running: [Step] = []
        for (at, step) in steps.enumerated() {
            places.append(Int32(running.count))
            if isLeftOut[at] { continue }
            running.append(step)
            running[running.count - 1].isConditional = facts.isConditional[at]
        }
        places.append(Int32(running.count))
        var operands = self.operands
        for at in running.indices {
            switch running[at].op {
            case .skipUnlessDrawn, .skipUnlessPresent, .skipUnlessAbove, .skipUnlessIn, .skipUnlessWithin, .jump:
                running[at].other = places[Int(running[at].other)]
            case .branch:
                let first = Int(running[at].b)
                for i in first...first + Int(running[at].count) { operands[i] = places[Int(operands[i])] }
            case .pattern: running[at].a = PatternText(self, running[at]).isHexadecimal ? 1 : 0
            default: break
            }
        }
        return (running, operands)
    }
}
