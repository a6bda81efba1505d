/// A file as GoReplay writes it: each JSON body as a request of one operation, evenly spaced.
func goReplayFile(_ bodies: [String], nanosBetween: Int) -> String {
    var text = ""
    for (place, body) in bodies.enumerated() {
        text += "1 \(String(place, radix: 16)) \(1_780_000_000_000_000_000 + place * nanosBetween) 0\n"
        text += "POST /a HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        text += "Content-Length: \(body.utf8.count)\r\n\r\n\(body)\n🐵🙈🙉\n"
    }
    return text
}
