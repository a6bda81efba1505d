/// A place in time that an exchange takes.
struct LeafSlot: BitwiseCopyable {
    var timeNanos: UInt64
    /// Breaks ties: what it belongs to, its number and the member.
    var order: UInt64
    /// Of the clean exchange, the campaign or the flow's state.
    var program: Int32
    /// Below 0: none is known yet.
    var kind: Int32
    var member: UInt32
    var cohort: UInt32
    /// The stream's number, the campaign's or the flow's.
    var number: UInt64
    /// Where a stream's number stands in the permuted order; no place for all others.
    var place = UInt64.max
    var isFlow = false

    func isBefore(_ other: LeafSlot) -> Bool {
        timeNanos == other.timeNanos ? order < other.order : timeNanos < other.timeNanos
    }
}

/// Which exchanges a leaf has, and in which order.
extension LeafMaker {
    /// Gathers and orders the slots of a leaf; returns the index of its first exchange.
    func collect(_ leaf: Int) throws -> UInt64 {
        // Held here for the time being, because what an object holds is checked at each access.
        var slots: [LeafSlot] = []
        swap(&slots, &self.slots)
        defer { swap(&slots, &self.slots) }
        slots.removeAll(keepingCapacity: true)
        let cohorts = 1 << plan.cohortDepth
        let shift = UInt64(64 - plan.depth)
        let isLast = leaf == plan.leafCount - 1
        let fromNanos = leaf == 0 ? 0 : plan.timeShape.time(UInt64(leaf) << shift)
        let toNanos = isLast ? .max : plan.timeShape.time(UInt64(leaf + 1) << shift)
        var index: UInt64 = 0
        for (number, stream) in plan.streams.enumerated() {
            let first = slots.count
            index += stream.arrivals.places(leaf, from: fromNanos, to: toNanos, &memories[number]) { place in
                slots.append(
                    LeafSlot(
                        timeNanos: place.timeNanos, order: UInt64(number) << 48 | place.number,
                        program: Int32(number), kind: -1, member: 0, cohort: place.cohort, number: place.number))
            }
            if !stream.placed.isEmpty { place(&slots, from: first, stream.placement) }
        }
        for (f, flow) in plan.flows.enumerated() {
            let range = flow.instances(from: fromNanos, to: toNanos, plan.timeShape)
            index += flow.exchanges(before: range.lowerBound, &walkers[f])
            for instance in range {
                let start = flow.start(of: instance, plan.timeShape)
                let cohort = UInt32(truncatingIfNeeded: flow.cohort(of: instance))
                for (member, step) in walkers[f].walk(instance).enumerated() {
                    let time = start + step.offsetNanos
                    if time < fromNanos { index += 1 }
                    if time < fromNanos || time >= toNanos { continue }
                    slots.append(
                        LeafSlot(
                            timeNanos: time, order: 1 << 62 | UInt64(f) << 54 | instance << 6 | UInt64(member),
                            program: Int32(flow.programs[step.state]), kind: -1, member: UInt32(member),
                            cohort: cohort, number: instance, isFlow: true))
                }
            }
        }
        for (k, kind) in plan.kinds.enumerated() {
            guard let campaigns = kind.campaign, campaigns.campaigns > 0 else { continue }
            let range = campaigns.campaigns(from: fromNanos, to: toNanos, plan.timeShape)
            index += campaigns.members(before: range.lowerBound)
            for campaign in range {
                let size = campaigns.size(of: campaign)
                let start = campaigns.start(of: campaign, plan.timeShape)
                let cohort = UInt32(campaigns.cohort(of: campaign, count: cohorts))
                for member in 0..<size {
                    let time = start + campaigns.offset(campaign, member, of: size)
                    if time < fromNanos { index += 1 }
                    if time < fromNanos || time >= toNanos { continue }
                    slots.append(
                        LeafSlot(
                            timeNanos: time, order: 1 << 63 | UInt64(k) << 48 | campaign << 16 | member,
                            program: Int32(kind.programs[0]), kind: Int32(k),
                            member: UInt32(member), cohort: cohort, number: campaign))
                }
            }
        }
        guard slots.count <= LeafPlan.hardLimit else {
            throw SynthesisError.impossible(
                "a leaf would hold \(slots.count) exchanges, more than \(LeafPlan.hardLimit)",
                remedy: "Spread the campaigns over more time, or lower their rates.")
        }
        Self.order(&slots, &unordered, &buckets)
        return index
    }

    /// Finds the places of the slots from `first` on, as many at once as the tables have room for.
    private func place(_ slots: inout [LeafSlot], from first: Int, _ placement: Permutation) {
        for start in stride(from: first, to: slots.count, by: numbers.count) {
            let end = min(slots.count, start + numbers.count)
            for at in start..<end { numbers[at - start] = slots[at].number }
            places.fill(placement, numbers, column: 0)
            for at in start..<end { slots[at].place = places[at - start] }
        }
    }

    /// Puts slots in order. Times are spread evenly but for the shape of the day, so that as many buckets of equal width
    /// as there are slots have few each, and what is left to do are short moves.
    private static func order(_ slots: inout [LeafSlot], _ unordered: inout [LeafSlot], _ buckets: inout [Int32]) {
        guard let first = slots.map(\.timeNanos).min(), let last = slots.map(\.timeNanos).max() else { return }
        let span = last - first + 1
        let count = UInt64(slots.count)
        func bucket(_ slot: LeafSlot) -> Int {
            Int(span.dividingFullWidth((slot.timeNanos - first).multipliedFullWidth(by: count)).quotient)
        }
        buckets.removeAll(keepingCapacity: true)
        buckets.append(contentsOf: repeatElement(0, count: slots.count + 1))
        for slot in slots { buckets[bucket(slot) + 1] += 1 }
        // Not so where a burst takes most of them.
        if (buckets.max() ?? 0) > 64 { return slots.sort { $0.isBefore($1) } }
        for at in 1..<buckets.count { buckets[at] += buckets[at - 1] }
        unordered.removeAll(keepingCapacity: true)
        unordered.append(contentsOf: slots)
        for slot in unordered {
            let bucket = bucket(slot)
            slots[Int(buckets[bucket])] = slot
            buckets[bucket] += 1
        }
        for at in slots.indices.dropFirst() where slots[at].isBefore(slots[at - 1]) {
            let slot = slots[at]
            var place = at
            while place > 0 && slot.isBefore(slots[place - 1]) {
                slots[place] = slots[place - 1]
                place -= 1
            }
            slots[place] = slot
        }
    }
}
