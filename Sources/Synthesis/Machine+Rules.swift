/// Tests over the cells as they are.
extension Machine {
    /// The decision of the first rule whose tests all hold; empty when none does.
    func expected() -> String {
        let rule = first(image.rules, 0)
        return rule < 0 ? "" : image.rules.decisions[rule]
    }

    /// The first rule whose tests all hold in a lane, or -1.
    func first(_ rules: RuleTable, _ lane: Int) -> Int {
        let tables = Tables(image)
        var at = 0
        for rule in 0..<rules.ends.count {
            let end = Int(rules.ends[rule])
            while at < end && holds(rules.tests[at], lane, tables) { at += 1 }
            if at == end { return rule }
            at = end
        }
        return -1
    }

    /// True when every test holds in the first lane.
    func holds(_ tests: [Program.Step]) -> Bool {
        let tables = Tables(image)
        return tests.allSatisfy { holds($0, 0, tables) }
    }

    private func holds(_ test: Program.Step, _ lane: Int, _ tables: Tables) -> Bool {
        let cell = cell(test.cell, lane)
        if test.op == .skipUnlessIn { return find(test, cell, tables) != nil }
        return cell.isPresent && cell.int >= test.a && cell.int <= test.b
    }

    /// Which of the step's choices the cell equals: by number (a = 0) or by text.
    @inline(__always)
    func find(_ step: Program.Step, _ cell: Cell, _ tables: Tables) -> Int? {
        if !cell.isPresent { return nil }
        let start = Int(step.table)
        if step.a == 2 {
            // Ranges: two choices each.
            for i in 0..<Int(step.count)
            where cell.int >= tables.choices[start + 2 * i].int && cell.int <= tables.choices[start + 2 * i + 1].int {
                return i
            }
            return nil
        }
        for i in 0..<Int(step.count) {
            let choice = tables.choices[start + i]
            if step.a == 0 {
                if choice.int == cell.int { return i }
            } else if choice.length == cell.length && isSame(Int(choice.start), Int(cell.start), Int(cell.length)) {
                return i
            }
        }
        return nil
    }

    private func isSame(_ a: Int, _ b: Int, _ count: Int) -> Bool {
        // What was taken from the choices stands where they do.
        if a == b { return true }
        for i in 0..<count where arena[a + i] != arena[b + i] { return false }
        return true
    }
}
