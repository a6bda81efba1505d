import JSON
import Metrics

/// What was refused, and who sent what where.
extension RunResult {
    func write(_ refusals: [Refusal], _ writer: inout JSONWriter) {
        writer.key("refusals")
        writer.beginArray()
        for refusal in refusals {
            writer.beginObject()
            field("operation", refusal.operation, &writer)
            field("reason", refusal.reason, &writer)
            field("count", refusal.count, &writer)
            writer.endObject()
        }
        writer.endArray()
    }

    func tlsObject(_ writer: inout JSONWriter) {
        writer.key("tls")
        writer.beginObject()
        field("handshakes", tls.handshakes, &writer)
        field("resumed", tls.resumed, &writer)
        writer.key("errors")
        RunResult.write(tls.errors, key: "reason", &writer)
        writer.endObject()
    }

    func auditObject(_ writer: inout JSONWriter) {
        writer.key("audit")
        writer.beginObject()
        field("user", audit.user, &writer)
        field("sudoUser", audit.sudoUser, &writer)
        field("host", audit.host, &writer)
        field("processId", audit.processID, &writer)
        writer.key("commandLine")
        writer.value(.array(audit.commandLine.map { .string($0) }))
        field("tag", run.tag, &writer)
        field("policy", audit.policy, &writer)
        field("policySha256", audit.policySHA256, &writer)
        field("confirmedBy", audit.confirmedBy, &writer)
        writer.key("insecure")
        writer.bool(audit.isInsecure)
        writer.key("canaries")
        writer.beginArray()
        for canary in audit.canaries {
            writer.beginObject()
            field("target", canary.target, &writer)
            field("operation", canary.operation, &writer)
            writer.key("acknowledgedBy")
            writer.value(.array(canary.acknowledgedBy.map { .string($0) }))
            writer.endObject()
        }
        writer.endArray()
        writer.key("targets")
        writer.beginArray()
        for target in audit.targets {
            writer.beginObject()
            field("target", target.target, &writer)
            field("address", target.address, &writer)
            field("rule", target.rule, &writer)
            field("sent", target.sent, &writer)
            writer.endObject()
        }
        writer.endArray()
        field("sent", totals.sent, &writer)
        field("tagged", totals.tagged, &writer)
        field("guardRefused", totals.guardRefused, &writer)
        writer.endObject()
    }
}
