import Foundation
import JSON
import Tape
import TestSupport
import Testing

/// The built `replay` against the built `stub`: what ends it, what it is judged by, and what it writes down.
@Suite(.serialized) struct ReplayWatchingTests {
    /// A stub on a tape of HTTP exchanges.
    private struct Bench {
        let folder: TemporaryDirectory
        let tape: String
        let stub: ChildProcess
        let port: Int

        init(_ stubArguments: [String] = []) throws {
            folder = try TemporaryDirectory()
            tape = folder.file("tape.mcap")
            let writer = try TapeWriter(path: tape)
            for id in 0..<200 as Range<UInt64> {
                var exchange = Exchange()
                exchange.id = id
                exchange.format = .http1
                exchange.operation = id % 4 == 0 ? "POST /v1/report" : "POST /v1/decide"
                let path = id % 4 == 0 ? "report" : "decide"
                exchange.request = Message(
                    wire: Array(
                        "POST /v1/\(path) HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}".utf8),
                    startNanos: 1_000_000_000 + id * 1_000_000)
                exchange.response = Message(
                    wire: Array("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}".utf8),
                    startNanos: 1_000_000_000 + id * 1_000_000 + 500_000)
                try writer.append(exchange)
            }
            try writer.finish()
            stub = try ChildProcess(
                Repository.binary, ["stub", tape, "--listen", "127.0.0.1:0"] + stubArguments)
            var found: Int?
            for _ in 0..<500 where found == nil {
                let said = String(decoding: stub.errorsSoFar, as: UTF8.self)
                found = said.split(separator: "\n").first { $0.hasPrefix("listening on 127.0.0.1:") }
                    .flatMap { $0.split(separator: ":").last }.flatMap { Int($0) }
                if !stub.isRunning { break }
                usleep(20_000)
            }
            guard let found else { throw TestSupportError("the stub did not listen") }
            port = found
        }

        func arguments(_ more: [String]) -> [String] {
            ["replay", tape, "--to", "http://127.0.0.1:\(port)", "--allow-duplicates", "--connections", "8"] + more
        }

        func replay(_ more: [String]) throws -> ProcessResult { try run(Repository.binary, arguments(more)) }
    }

    private func lastSent(_ path: String) throws -> (last: UInt64, count: UInt64) {
        let reader = try TapeReader(path: path)
        var exchange = Exchange()
        var result: (last: UInt64, count: UInt64) = (0, 0)
        while try reader.next(into: &exchange) {
            result.last = max(result.last, exchange.run?.sentNanos ?? 0)
            result.count += 1
        }
        return result
    }

    @Test(
        "Kill file, SIGINT and SIGTERM stop sending within 100 ms; the result is whole and the status 3",
        arguments: [
            "file", "SIGINT", "SIGTERM",
        ])
    func stops(_ how: String) throws {
        let bench = try Bench()
        let (kill, tape, path) = (bench.folder.file("kill"), bench.folder.file("run.mcap"), bench.folder.file("r.json"))
        let process = try ChildProcess(
            Repository.binary,
            bench.arguments([
                "--rate", "2000", "--duration", "30s", "--kill-file", kill, "-o", tape, "--result", path,
            ]))
        for _ in 0..<400 {
            if String(decoding: process.errorsSoFar, as: UTF8.self).contains("replay ") { break }
            usleep(10_000)
        }
        usleep(1_000_000)
        var now = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &now)
        let stopped = UInt64(now.tv_sec) * 1_000_000_000 + UInt64(now.tv_nsec)
        switch how {
        case "file": try bench.folder.write("kill", text: "")
        case "SIGINT": process.signal(SIGINT)
        default: process.signal(SIGTERM)
        }
        let result = process.wait()
        #expect(result.status == 3, "\(result.errors)")
        let json = try JSONValue(parsing: try fileBytes(path))
        let due = try #require(json["totals.due" as JSONPath]?.int)
        let outcomes = try #require(json["outcomes"]?.object)
        #expect(outcomes.members.reduce(0) { $0 + ($1.value.int ?? 0) } == due)
        #expect(json["run.exitReason" as JSONPath]?.string == (how == "file" ? "killFile" : "signal"))
        #expect(json["run.exitDetail" as JSONPath]?.string == (how == "file" ? kill : how))
        let sent = try lastSent(tape)
        #expect(sent.count == UInt64(json["totals.sent" as JSONPath]?.int ?? 0))
        #expect(sent.count > 500)
        #expect(sent.last < stopped + 100_000_000)
        // The file that is there keeps the next run from beginning.
        if how == "file" {
            let again = try bench.replay(["--kill-file", kill])
            #expect(again.status == 3)
            #expect(again.errors.contains("nothing was sent: the kill file"))
        }
    }

    @Test("An abort rule ends the run with status 3 and is named")
    func aborts() throws {
        let bench = try Bench(["--delay", "60ms"])
        let result = try bench.replay(["--rate", "50", "--duration", "20s", "--abort", "p95 > 50ms for 1s"])
        #expect(result.status == 3)
        #expect(result.output.hasPrefix("ABORTED  'p95 > 50ms for 1s' held until second "))
        #expect(try bench.replay(["--abort", "p95 > 50 for 1s"]).status == 2)
    }

    @Test("Expectations decide the status and stand in report, result and JUnit")
    func expectations() throws {
        let bench = try Bench()
        let junit = bench.folder.file("junit.xml")
        let good = try bench.replay([
            "--rate", "500", "--expect", "success==100%", "--expect", "p99<5s", "--junit", junit,
        ])
        #expect(good.status == 0 || good.status == 4, "\(good.errors)")
        #expect(good.output.contains("success==100%"))
        #expect(String(decoding: try fileBytes(junit), as: UTF8.self).contains("tests=\"3\""))
        let bad = try bench.replay([
            "--rate", "500", "--expect", "p50<1us", "--expect", "errors==0", "--junit", junit,
            "--report", bench.folder.file("r.html"),
        ])
        #expect(bad.status == 1 || bad.status == 4)
        #expect(bad.output.contains("FAILS"))
        let xml = String(decoding: try fileBytes(junit), as: UTF8.self)
        #expect(
            xml.contains("<testcase classname=\"tinct.replay.expect\" name=\"p50&lt;1us\"><failure message=\"it is "))
        #expect(String(decoding: try fileBytes(bench.folder.file("r.html")), as: UTF8.self).contains("✕ fails"))
        let usage = try bench.replay(["--expect", "p99<300"])
        #expect(usage.status == 2)
        #expect(usage.errors.contains("write a time like 300ms"))
    }

    @Test("The result keeps to its published schema", .requires(.python))
    func schema() throws {
        let bench = try Bench()
        let (path, hdr) = (bench.folder.file("r.json"), bench.folder.file("run.hlog"))
        let result = try bench.replay([
            "--rate", "step:100+100..300/700ms", "--warm-up", "300ms", "--result", path, "--hdr", hdr,
            "--expect", "errors==0", "--decision", "status",
        ])
        #expect(result.status == 0 || result.status == 4, "\(result.errors)")
        let script = """
            import json, sys, jsonschema
            schema = json.load(open(sys.argv[1]))
            jsonschema.Draft202012Validator.check_schema(schema)
            result = json.load(open(sys.argv[2]))
            jsonschema.validate(result, schema)
            # The log by operation holds what the result holds: it has the warm-up besides.
            from hdrh.histogram import HdrHistogram
            from hdrh.log import HistogramLogReader
            reader = HistogramLogReader(sys.argv[3], HdrHistogram(1, 3600000000, 3))
            counts = {}
            while True:
                h = reader.get_next_interval_histogram()
                if not h: break
                counts[h.get_tag()] = counts.get(h.get_tag(), 0) + h.get_total_count()
            assert counts[None] == result["totals"]["answered"] + result["warmUp"]["answered"], counts
            assert sorted(k for k in counts if k) == ["POST_/v1/decide", "POST_/v1/report"], counts
            assert sum(v for k, v in counts.items() if k) == counts[None], counts
            whole = HdrHistogram.decode(result["latency"]["corrected"]["hdr"])
            for key, p in (("p50Micros", 50), ("p90Micros", 90), ("p95Micros", 95), ("p99Micros", 99), ("p999Micros", 99.9)):
                assert whole.get_value_at_percentile(p) == result["latency"]["corrected"][key], key
            assert result["warmUp"]["due"] == 30 and result["totals"]["due"] == 390, result["totals"]
            """
        let checked = try python(script, [Repository.path("schemas/output/result.schema.json"), path, hdr])
        #expect(checked.status == 0, "\(checked.errors)")
    }

    @Test("Prometheus's own parser reads the figures of the running replay", .requires(.python))
    func metrics() throws {
        let bench = try Bench()
        let path = bench.folder.file("r.json")
        let process = try ChildProcess(
            Repository.binary,
            bench.arguments([
                "--rate", "500", "--duration", "30s", "--metrics", "127.0.0.1:0", "--tag", "run\"1\"", "--result", path,
            ]))
        var url: Substring?
        for _ in 0..<500 where url == nil {
            let said = String(decoding: process.errorsSoFar, as: UTF8.self)
            url = said.split(separator: "\n").first { $0.hasPrefix("metrics on ") }?.dropFirst(11)
            usleep(10_000)
        }
        let address = String(try #require(url))
        usleep(2_500_000)
        let scraped = try run("/usr/bin/curl", ["-sS", "--fail", address])
        #expect(scraped.status == 0, "\(scraped.errors)")
        #expect(try run("/usr/bin/curl", ["-sS", "--fail", "-X", "POST", address]).status == 22)
        let script = """
            import sys, json
            from prometheus_client.parser import text_string_to_metric_families
            families = {f.name: f for f in text_string_to_metric_families(sys.stdin.read())}
            def value(name, **labels):
                family = families[name.removesuffix("_total")]
                return sum(s.value for s in family.samples if s.name == name and labels.items() <= s.labels.items())
            seconds = value("tinct_run_seconds_total") or value("tinct_run_seconds")
            assert seconds >= 1, seconds
            assert value("tinct_requests_due_total") > 0
            ok = value("tinct_requests_total", outcome="ok")
            assert ok > 0 and ok <= value("tinct_requests_sent_total")
            for op in ("POST /v1/report", "POST /v1/decide"):
                histogram = families["tinct_response_seconds"]
                buckets = [s.value for s in histogram.samples if s.name.endswith("_bucket") and s.labels["operation"] == op]
                assert buckets == sorted(buckets) and len(buckets) == 17
                count = [s.value for s in histogram.samples if s.name.endswith("_count") and s.labels["operation"] == op]
                assert [buckets[-1]] == count and count[0] == value("tinct_requests_total", operation=op), (count, buckets)
            info = families["tinct_run_info"].samples[0]
            assert info.labels["tag"] == 'run"1"', info
            assert families["tinct_requests_in_flight"].type == "gauge"
            """
        let parsed = try python(script, [], input: scraped.stdout)
        #expect(parsed.status == 0, "\(parsed.errors)")
        #expect(process.stop(SIGINT).status == 3)
        #expect(try run("/usr/bin/curl", ["-sS", address]).status == 7)
    }

    @Test(
        "find-max doubles, bisects and confirms within one run, and its result keeps to the schema", .requires(.python))
    func findMax() throws {
        let bench = try Bench()
        let path = bench.folder.file("r.json")
        let result = try bench.replay([
            "--find-max", "--slo", "p95<10s,success>99%", "--rate", "100", "--max-rate", "300", "--hold", "2s",
            "--warm-up",
            "1s", "--result", path, "--report", bench.folder.file("r.html"),
        ])
        #expect(result.status == 0 || result.status == 4, "\(result.errors)")
        if result.status == 0 {
            #expect(result.output.contains("300/s holds p95<10s, success>99%, and no more was allowed."))
        }
        let script = """
            import json, sys, jsonschema
            result = json.load(open(sys.argv[2]))
            jsonschema.validate(result, json.load(open(sys.argv[1])))
            steps = result["search"]["steps"]
            assert [s["rate"] for s in steps][:2] == [100, 200] or not steps[0]["passed"], steps
            assert steps[0]["due"] == 200 and sum(s["due"] for s in steps) == result["totals"]["due"], result["totals"]
            assert result["warmUp"]["due"] == 100, result["warmUp"]
            """
        let checked = try python(script, [Repository.path("schemas/output/result.schema.json"), path])
        #expect(checked.status == 0, "\(checked.errors)")
        for wrong in [
            ["--find-max"], ["--slo", "p95<1s"], ["--find-max", "--slo", "p95<1"],
            ["--find-max", "--slo", "raw.p95<1s"],
            ["--find-max", "--slo", "p95<1s", "--rate", "max"], ["--find-max", "--slo", "p95<1s", "--duration", "5s"],
        ] {
            #expect(try bench.replay(wrong).status == 2, "\(wrong)")
        }
    }

    @Test("Results of several generators are added, and percentiles come from the added histograms", .requires(.python))
    func merge() throws {
        let bench = try Bench()
        var parts: [String] = []
        for (index, rate) in ["300", "600"].enumerated() {
            parts.append(bench.folder.file("part\(index).json"))
            let result = try bench.replay(["--rate", rate, "--duration", "1200ms", "--result", parts[index]])
            #expect(result.status == 0 || result.status == 4)
        }
        let (sum, twice) = (bench.folder.file("sum.json"), bench.folder.file("twice.json"))
        let merged = try tinct(
            "merge", parts[0], parts[1], "--result", sum, "--expect", "errors==0", "--report",
            bench.folder.file("r.html"))
        #expect(merged.status == 0 || merged.status == 4, "\(merged.errors)")
        #expect(try [0, 4].contains(tinct("merge", sum, parts[0], "--result", twice).status))
        let script = """
            import json, sys, jsonschema
            from hdrh.histogram import HdrHistogram
            schema, a, b, merged, twice = (json.load(open(path)) for path in sys.argv[1:])
            jsonschema.validate(merged, schema)
            jsonschema.validate(twice, schema)
            def sum_of(*path):
                def get(r):
                    for key in path: r = r[key]
                    return r
                return get(a) + get(b), get(merged)
            for key in a["totals"]: assert len(set(sum_of("totals", key))) == 1, key
            for key in a["outcomes"]: assert len(set(sum_of("outcomes", key))) == 1, key
            for name in ("corrected", "raw"):
                h = HdrHistogram.decode(a["latency"][name]["hdr"])
                h.add(HdrHistogram.decode(b["latency"][name]["hdr"]))
                for key, p in (("p50Micros", 50), ("p90Micros", 90), ("p99Micros", 99), ("p999Micros", 99.9)):
                    assert merged["latency"][name][key] == h.get_value_at_percentile(p), (name, key)
            assert [o["operation"] for o in merged["operations"]] == [o["operation"] for o in a["operations"]]
            assert sum(s["due"] for s in merged["series"]) == merged["totals"]["due"] == 360 + 720
            assert sum(sum(s["outcomes"].values()) for s in merged["series"]) == 1080
            assert twice["totals"]["due"] == 1440 and twice["latency"]["raw"]["count"] == 1440
            assert merged["run"]["rate"] == 900
            """
        let checked = try python(
            script, [Repository.path("schemas/output/result.schema.json"), parts[0], parts[1], sum, twice])
        #expect(checked.status == 0, "\(checked.errors)")
        #expect(try tinct("merge", parts[0], "--expect", "errors>5").status != 0)
        let wrong = try bench.folder.write("wrong.json", text: #"{"schema": "tinct.replay/1", "run": {}}"#)
        let refused = try tinct("merge", parts[0], wrong)
        #expect(refused.status == 2)
        #expect(refused.errors.contains("run.tag is missing"))
    }

    @Test("The ledger holds every id that was sent, as CSV and as SQL that sqlite runs", .requires(.python))
    func ledger() throws {
        let folder = try TemporaryDirectory()
        let tape = folder.file("tape.mcap")
        let writer = try TapeWriter(path: tape)
        for id in 0..<50 as Range<UInt64> {
            var exchange = Exchange()
            exchange.id = id
            exchange.format = .http1
            exchange.operation = "POST /v1/decide"
            let body = #"{"requestId":"rq-1000\#(100 + id)","it's":1}"#
            exchange.request = Message(
                wire: Array(
                    "POST /v1/decide HTTP/1.1\r\nHost: a\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)".utf8),
                startNanos: 1_000_000_000 + id * 1_000_000)
            exchange.response = Message(wire: Array("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}".utf8))
            try writer.append(exchange)
        }
        try writer.finish()
        let bench = try Bench()
        for ledger in [folder.file("ids.csv"), folder.file("ids.sql")] {
            let result = try run(
                Repository.binary,
                [
                    "replay", tape, "--to", "http://127.0.0.1:\(bench.port)", "--id", "requestId", "--rate", "500",
                    "--duration", "260ms", "--ledger", ledger, "--tag", "run 'x', 1",
                ])
            #expect([0, 1, 4].contains(result.status), "\(result.errors)")
        }
        let script = """
            import csv, sqlite3, sys
            rows = list(csv.DictReader(open(sys.argv[1], newline="")))
            assert len(rows) == 130, len(rows)
            assert len({row["id"] for row in rows}) == 130
            assert {row["round"] for row in rows} == {"0", "1", "2"}
            assert rows[0]["run"] == "run 'x', 1" and rows[0]["operation"] == "POST /v1/decide", rows[0]
            base = sqlite3.connect(":memory:")
            base.executescript(open(sys.argv[2]).read())
            count, distinct = base.execute("SELECT count(*), count(DISTINCT id) FROM tinct_ledger").fetchone()
            assert (count, distinct) == (130, 130), (count, distinct)
            first = base.execute("SELECT id FROM tinct_ledger WHERE round = 0 AND position = 7").fetchone()
            assert first == ("rq-1000107",), first
            """
        let checked = try python(script, [folder.file("ids.csv"), folder.file("ids.sql")])
        #expect(checked.status == 0, "\(checked.errors)")
        #expect(try bench.replay(["--ledger", folder.file("ids.txt")]).status == 2)
        let without = try bench.replay(["--rate", "500", "--ledger", folder.file("none.csv")])
        #expect(without.errors.contains("200 requests hold nothing that is declared an id"))
    }
}
