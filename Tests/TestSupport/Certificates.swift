import Foundation

/// An authority with a server's and a client's certificate, made by the openssl command.
package struct Certificates: Sendable {
    package let authority: String
    package let server: (certificate: String, key: String)
    package let client: (certificate: String, key: String)

    package static let program = "/usr/bin/openssl"

    /// - Parameter names: of the server, as in `DNS:localhost,IP:127.0.0.1`.
    package init(in directory: TemporaryDirectory, names: String = "DNS:localhost") throws {
        func path(_ name: String) -> String { directory.file(name) }
        func openssl(_ arguments: [String]) throws {
            let result = try run(Self.program, arguments)
            if result.status != 0 { throw TestSupportError("openssl \(arguments[0]): \(result.errors)") }
        }
        let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        authority = path("ca.pem")
        try openssl(
            ["req", "-x509"] + key + [
                "-keyout", path("ca.key"), "-out", authority, "-days", "2", "-subj", "/CN=Test authority",
            ])
        for (name, extensions) in [("server", "subjectAltName=\(names)"), ("client", "extendedKeyUsage=clientAuth")] {
            let request = path("\(name).csr")
            let settings = try directory.write("\(name).cnf", text: extensions)
            try openssl(
                ["req"] + key + ["-keyout", path("\(name).key"), "-out", request, "-subj", "/CN=\(name)"])
            try openssl([
                "x509", "-req", "-in", request, "-CA", authority, "-CAkey", path("ca.key"), "-CAcreateserial", "-days",
                "2", "-extfile", settings, "-out", path("\(name).pem"),
            ])
            _ = unsafe chmod(path("\(name).key"), 0o600)
        }
        server = (path("server.pem"), path("server.key"))
        client = (path("client.pem"), path("client.key"))
    }
}
