import Bytes
import HTTP1
import JSON

/// The tag in a member of a JSON body, with the Content-Length that follows from it.
enum JSONTagging {
    static func write(_ path: String, _ text: String, into message: inout [UInt8]) throws(TagError) {
        let head = try HeaderEditing.head(of: message)
        if head.hasTransferEncoding || !HeaderEditing.fields("content-encoding", in: message, head).isEmpty {
            throw TagError(
                .unsupported, "the tag cannot be written into a chunked or compressed body",
                remedy: "Use a header carrier for these requests.")
        }
        guard head.contentLength != nil else {
            throw TagError(
                .nothingCanCarry, "the request has no JSON body for the tag", remedy: "Use a header carrier.")
        }
        var body = Array(message[head.length...])
        var journal = EditJournal()
        let outcome: JSONEditing.Outcome
        do throws(ParsingError) {
            outcome = try JSONEditing.set(
                JSONPath(path), to: .string(text), in: &body, creating: true, journal: &journal)
        } catch {
            throw TagError(.malformed, "the JSON member \(path) cannot be set (\(error))")
        }
        if outcome == .noPlace {
            throw TagError(.nothingCanCarry, "the JSON body has no place \(path) for the tag")
        }
        message.replaceSubrange(head.length..., with: body)
        try HeaderEditing.set("content-length", to: String(body.count), in: &message)
    }
}
