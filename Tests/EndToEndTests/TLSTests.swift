import Foundation
import Tape
import TestSupport
import Testing

/// The built `replay` over TLS, against nginx and the openssl command, and believing their accounts.
@Suite(.serialized, .needsProgram(Certificates.program)) struct TLSTests {
    /// nginx with TLS that closes each connection after five requests and logs what TLS did.
    private final class SecureNginx {
        struct Entry: Decodable {
            var tag: String
            var reused: String
            var name: String
            var alpn: String
            var version: String
            var connection: Int
            var client: String
        }

        let port: Int
        let process: ChildProcess
        private let directory: TemporaryDirectory

        init(_ certificates: Certificates, _ directory: TemporaryDirectory, options: String = "") throws {
            port = try freePort()
            self.directory = directory
            let path = try directory.write(
                "tls.conf",
                text: """
                    worker_processes 1; daemon off; \(getuid() == 0 ? "user root;" : "")
                    pid \(directory.path)/nginx.pid; error_log \(directory.path)/error.log;
                    events { worker_connections 512; }
                    http {
                      log_format tls escape=json '{"tag":"$http_x_stress_test","reused":"$ssl_session_reused",'
                        '"name":"$ssl_server_name","alpn":"$ssl_alpn_protocol","version":"$ssl_protocol",'
                        '"connection":$connection,"client":"$ssl_client_verify"}';
                      access_log \(directory.path)/access.log tls;
                      client_body_temp_path \(directory.path)/a; proxy_temp_path \(directory.path)/b;
                      fastcgi_temp_path \(directory.path)/c; uwsgi_temp_path \(directory.path)/d;
                      scgi_temp_path \(directory.path)/e;
                      keepalive_requests 5;
                      server {
                        listen 127.0.0.1:\(port) ssl;
                        ssl_certificate \(certificates.server.certificate);
                        ssl_certificate_key \(certificates.server.key);
                        \(options)
                        location / { return 200 '\(String(repeating: "x", count: 3000))'; }
                      }
                    }
                    """)
            process = try ChildProcess(
                try #require(NginxServer.program),
                ["-p", directory.path, "-e", directory.file("error.log"), "-c", path])
            try waitForListener(port: port, of: process)
        }

        func finish() throws -> [Entry] {
            _ = process.stop(SIGQUIT)
            let text = String(decoding: try fileBytes(directory.file("access.log")), as: UTF8.self)
            return try text.split(separator: "\n").map {
                try JSONDecoder().decode(Entry.self, from: Data($0.utf8))
            }
        }
    }

    private func tape(_ directory: TemporaryDirectory, _ count: UInt64) throws -> String {
        let path = directory.file("tape.mcap")
        let writer = try TapeWriter(path: path)
        for id in 0..<count {
            var exchange = Exchange()
            exchange.id = id
            exchange.format = .http1
            exchange.operation = "GET /"
            exchange.request = Message(
                wire: Array("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8), startNanos: 1_000_000_000 + id * 1_000_000)
            try writer.append(exchange)
        }
        try writer.finish()
        return path
    }

    private func json(_ result: ProcessResult) throws -> [String: Any] {
        try foundationJSON(result.stdout) as? [String: Any] ?? [:]
    }
    private func outcomes(_ result: [String: Any]) -> [String: Int] { result["outcomes"] as? [String: Int] ?? [:] }
    private func reasons(_ result: [String: Any]) -> [String] {
        ((result["tls"] as? [String: Any])?["errors"] as? [[String: Any]] ?? []).compactMap { $0["reason"] as? String }
    }

    @Test(
        "Reconnects go on with their sessions, as nginx counts them", .enabled(if: NginxServer.program != nil),
        arguments: ["TLSv1.2", "TLSv1.3"])
    func sessionsAreResumed(version: String) throws {
        let directory = try TemporaryDirectory()
        let certificates = try Certificates(in: directory)
        let server = try SecureNginx(certificates, directory, options: "ssl_protocols \(version);")
        let run = try tinct(
            "replay", try tape(directory, 300), "--to", "https://localhost:\(server.port)", "--ca",
            certificates.authority, "--rate", "max", "--connections", "3", "--threads", "1", "--tag", "tls-1", "--json")
        #expect(run.status == 0, "\(run.errors)")
        let result = try json(run)
        #expect(outcomes(result)["ok"] == 300)
        let log = try server.finish()
        #expect(log.count == 300)
        for entry in log {
            #expect(entry.tag == "tls-1" && entry.name == "localhost" && entry.alpn == "http/1.1")
            #expect(entry.version == version)
        }
        // By connection: nginx says r for a resumed session and . for a new one.
        let connections = Dictionary(grouping: log, by: \.connection)
        let resumed = connections.values.filter { $0.first?.reused == "r" }.count
        let tls = result["tls"] as? [String: Any]
        #expect(tls?["resumed"] as? Int ?? 0 >= resumed)
        #expect(connections.count - resumed == 3, "only the first of each connection is new")
        #expect(resumed >= 50, "\(resumed) of \(connections.count)")
    }

    @Test("Who cannot prove who it is gets nothing, with the reason", .enabled(if: NginxServer.program != nil))
    func certificatesAreVerified() throws {
        let directory = try TemporaryDirectory()
        let certificates = try Certificates(in: directory)
        let server = try SecureNginx(certificates, directory)
        let tape = try tape(directory, 5)
        let common = ["replay", tape, "--rate", "100", "--connections", "1", "--json", "--timeout", "1s"]
        for (line, reason) in [
            (["--to", "https://localhost:\(server.port)"], "certificate verify failed"),
            (["--to", "https://127.0.0.1:\(server.port)", "--ca", certificates.authority], "IP address mismatch"),
        ] {
            let run = try run(Repository.binary, common + line)
            #expect(run.status == 1, "\(run.errors)")
            let result = try json(run)
            let ended = outcomes(result)
            #expect(ended["tlsError"] ?? 0 > 0 && (ended["tlsError"] ?? 0) + (ended["unsent"] ?? 0) == 5, "\(ended)")
            #expect(reasons(result).contains { $0.contains(reason) }, "\(reasons(result))")
        }
        let insecure = try run(
            Repository.binary, common + ["--to", "https://127.0.0.1:\(server.port)", "--insecure"])
        #expect(insecure.status == 0 && insecure.errors.contains("CERTIFICATE NOT VERIFIED"), "\(insecure.errors)")
        let audit = try json(insecure)["audit"] as? [String: Any]
        #expect(audit?["insecure"] as? Bool == true)
        #expect(try server.finish().count == 5)
    }

    @Test("A server that asks for a certificate gets ours, and refuses without it")
    func clientCertificates() throws {
        let directory = try TemporaryDirectory()
        let certificates = try Certificates(in: directory)
        let port = try freePort()
        let server = try ChildProcess(
            Certificates.program,
            [
                "s_server", "-accept", "127.0.0.1:\(port)", "-cert", certificates.server.certificate, "-key",
                certificates.server.key, "-CAfile", certificates.authority, "-Verify", "1", "-verify_return_error",
                "-www", "-quiet",
            ])
        defer { _ = server.stop() }
        try waitForListener(port: port, of: server)
        let common = [
            "replay", try tape(directory, 3), "--to", "https://localhost:\(port)", "--ca", certificates.authority,
            "--rate", "max", "--connections", "1", "--threads", "1", "--json", "--timeout", "2s",
        ]
        let without = try run(Repository.binary, common)
        #expect(without.status == 1, "\(without.errors)")
        let refused = try json(without)
        #expect(outcomes(refused)["tlsError"] == 3, "\(without.output)")
        #expect(reasons(refused).contains { $0.contains("certificate required") }, "\(reasons(refused))")
        let with = try run(
            Repository.binary,
            common + ["--cert", certificates.client.certificate, "--cert-key", certificates.client.key])
        let answered = outcomes(try json(with))["ok"]
        #expect(with.status == 0 && answered == 3, "\(with.errors) \(with.output)")
    }

    @Test("Keys that others may read, and flags without TLS, are refused with status 2")
    func refusals() throws {
        let directory = try TemporaryDirectory()
        let certificates = try Certificates(in: directory)
        let tape = try tape(directory, 1)
        let pair = ["--cert", certificates.client.certificate, "--cert-key", certificates.client.key]
        let https = ["--to", "https://localhost:1"]
        _ = unsafe chmod(certificates.client.key, 0o644)
        for (line, why) in [
            (https + pair, "can be read by others"), (https + ["--cert", "x"], "belong together"),
            (["--to", "http://localhost:1", "--insecure"], "without TLS"), (https + ["--ca", tape], "cannot be read"),
        ] {
            let result = try run(Repository.binary, ["replay", tape] + line)
            #expect(result.status == 2 && result.errors.contains(why), "\(line): \(result.errors)")
        }
    }

    @Test("Thrift goes over TLS to Apache Thrift's server", .requires(.native), .requires(.python))
    func thriftOverTLS() throws {
        let directory = try TemporaryDirectory()
        let certificates = try Certificates(in: directory, names: "IP:127.0.0.1")
        let tape = try Fixture.all[0].record(into: directory, "--raw")
        let server = try NativeThriftServer()
        let port = try freePort()
        // TLS ends here, and the bytes go on in clear.
        let proxy = try ChildProcess(
            try TestEnvironment.python.path(),
            [
                "-c",
                """
                import asyncio, ssl, sys
                context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
                context.load_cert_chain(sys.argv[3], sys.argv[4])
                async def copy(reader, writer):
                    while data := await reader.read(65536):
                        writer.write(data); await writer.drain()
                    writer.close()
                async def serve(reader, writer):
                    inner = await asyncio.open_connection("127.0.0.1", int(sys.argv[2]))
                    await asyncio.gather(copy(reader, inner[1]), copy(inner[0], writer), return_exceptions=True)
                async def main():
                    async with await asyncio.start_server(serve, "127.0.0.1", int(sys.argv[1]), ssl=context) as s:
                        await s.serve_forever()
                asyncio.run(main())
                """, "\(port)", "\(server.port)", certificates.server.certificate, certificates.server.key,
            ])
        defer { _ = proxy.stop() }
        try waitForListener(port: port, of: proxy)
        let run = try tinct(
            "replay", tape, "--to", "thrift+tls://127.0.0.1:\(port)", "--ca", certificates.authority, "--carrier",
            "didi:path=1.20", "--rate", "500", "--json")
        #expect([0, 4].contains(run.status), "\(run.errors)")
        let counts = try server.finish()
        #expect(counts.evaluate == 41 && counts.tagged == 44 && counts.decodeFailures == 0)
        let tls = try json(run)["tls"] as? [String: Any]
        #expect(tls?["handshakes"] as? Int ?? 0 > 0)
    }
}
