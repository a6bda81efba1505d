import Tape

/// Exchanges with anomalies, each made alone: first as it would be, then with its anomalies put in.
extension LeafMaker {
    func make(
        _ output: inout Output, _ kind: Int, _ member: Member, _ identity: Machine.Identity, _ wishes: Wishes
    ) throws {
        let spec = plan.kinds[kind].spec
        let program = plan.kinds[kind].programs[member.stage]
        let injections = plan.kinds[kind].injections[member.stage]
        machines[program].run(member.identity)
        if wishes.twins && !spec.type.isHardNegative {
            try makeTwin(kind, program, identity, member, &output, wishes)
        }
        var labels: [Label] = []
        for injection in injections {
            var label = plan.label(kind, injection, member, identity, machines[program])
            do throws(Inapplicable) {
                label.parameters += try injection.apply(&machines[program], member.draw(injection))
            } catch {
                throw SynthesisError.notApplicable(anomaly: injection.name, index: identity.index, reason: error.reason)
            }
            if label.detectableAt == AnomalyType.Detection.schema.rawValue,
                !injection.isRefusedBySchema(machines[program])
            {
                label.detectableAt = AnomalyType.Detection.record.rawValue
            }
            labels.append(label)
        }
        let digits = try write(program, member.identity, identity, into: &output, wishes)
        if let last = injections.last, case .bytes(let inject) = last.type.injector {
            labels[labels.count - 1].parameters += try damage(&output, inject, last, member, digits, identity)
        }
        let rule = machines[program].expected()
        output.head.expected = spec.expected == "pass" ? rule : spec.expected
        output.head.labels = labels
        complete(&output, entity: entity(program))
        machines[program].restore()
    }

    private func damage(
        _ output: inout Output, _ inject: ByteInjector, _ injection: Injection, _ member: Member, _ digits: Range<Int>,
        _ identity: Machine.Identity
    ) throws -> [Label.Parameter] {
        let clean = Array(output.request)
        var draft = WireDraft(bytes: clean, format: plan.format.wire, lengthDigits: digits)
        let parameters: [Label.Parameter]
        let transforms = injection.type.carrier.isWithinMessage ? plan.format.header.transforms : []
        do throws(Inapplicable) {
            if !transforms.isEmpty { try draft.openPayload() }
            parameters = try inject(&draft, member.draw(injection), injection.parameters)
            if !transforms.isEmpty { draft.closePayload(transforms) }
        } catch {
            throw SynthesisError.notApplicable(anomaly: injection.name, index: identity.index, reason: error.reason)
        }
        spoiled.truncate(to: 0)
        spoiled.append(draft.bytes)
        output.request = spoiled.all
        // So that a replay can tag the request before it spoils it again.
        let fault = WireFault(clean: clean, spoiled: draft.bytes, plan.format.wire)
        return parameters + [.init(WireFault.parameter, fault.text)]
    }

    /// The same exchange without its anomaly; for a campaign's member, what an innocent exchange would be in its place.
    private func makeTwin(
        _ kind: Int, _ program: Int, _ identity: Machine.Identity, _ member: Member, _ output: inout Output,
        _ wishes: Wishes
    ) throws {
        var clean = Output()
        var used = program
        if plan.kinds[kind].campaign != nil {
            used = plan.kinds[kind].spec.stream
            machines[used].run(identity)
        }
        _ = try write(used, used != program ? identity : member.identity, identity, into: &clean, wishes, isTwin: true)
        clean.head.expected = machines[used].expected()
        clean.stream = plan.streamOfProgram[used]
        complete(&clean, entity: entity(used))
        output.twin = clean.exchange
        output.twinJSON = clean.json
        output.twinRow = clean.row
    }
}
