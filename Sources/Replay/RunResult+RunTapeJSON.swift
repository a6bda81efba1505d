import JSON
import Metrics

extension RunResult {
    func runTapeObject(_ tape: RunTape, _ writer: inout JSONWriter) {
        writer.key("runTape")
        writer.beginObject()
        field("only", tape.only, &writer)
        field("sample", tape.sample, &writer)
        field("limit", tape.limit, &writer)
        field("rotation", tape.rotation, &writer)
        field("tapes", tape.tapes, &writer)
        field("exchanges", tape.exchanges, &writer)
        field("bytes", tape.bytes, &writer)
        writer.key("leftOut")
        writer.beginObject()
        field("succeeded", tape.leftOut.succeeded, &writer)
        field("notSampled", tape.leftOut.notSampled, &writer)
        field("overLimit", tape.leftOut.overLimit, &writer)
        field("unwritten", tape.leftOut.unwritten, &writer)
        writer.endObject()
        writer.endObject()
    }
}

extension RunResult.RunTape {
    init(_ reader: ResultReader) throws(ResultError) {
        self.init()
        only = try reader.text("only")
        sample = try reader.text("sample")
        limit = try reader.text("limit")
        rotation = try reader.text("rotation")
        tapes = try reader.count("tapes")
        exchanges = try reader.count("exchanges")
        bytes = try reader.count("bytes")
        let reasons = try reader.at("leftOut")
        leftOut.succeeded = try reasons.count("succeeded")
        leftOut.notSampled = try reasons.count("notSampled")
        leftOut.overLimit = try reasons.count("overLimit")
        leftOut.unwritten = try reasons.count("unwritten")
    }
}
