import Bytes
import Testing

@testable import Thrift

@Suite struct ThriftDetectorTests {
    static let beginnings: [(String, ThriftDetector.Detection)] = [
        (Golden.binaryCheck, .thrift(.unframed, .binary)),
        (Golden.compactCheck, .thrift(.unframed, .compact)),
        ("82 41 01 05 636865636B 00", .thrift(.unframed, .compact)),
        (Golden.framedAdd, .thrift(.framed, .binary)),
        ("0000000A 82210105636865636B00", .thrift(.framed, .compact)),
        ("00001603 80010001 00", .thrift(.framed, .binary)),
        ("0000001A 0FFF0000 00000001 0004", .theader),
        ("00000016 10000000 00000001", .ttheader),
        ("5B312C22616464222C312C30", .json(.unframed)),
        ("0000000C 5B312C22616464", .json(.framed)),
        ("00000005 636865636B 01 00000001", .oldBinary(.unframed)),
        ("00000012 00000005 636865636B 01 00000001", .oldBinary(.framed)),
        ("00000030 0A 0001 0000000000000001", .finagle),
        ("FFAF 0001", .mesh),
        ("474554202F20485454502F312E31", .notThrift),  // GET / HTTP/1.1
        ("485454502F312E3120323030", .notThrift),  // HTTP/1.1 200
        ("505249202A20485454502F322E30", .notThrift),  // PRI * HTTP/2.0
        ("16030100C8010000C4", .notThrift),  // TLS
        ("7B2261223A317D", .notThrift),  // {"a":1}
        ("5B332C342C355D", .notThrift),  // [3,4,5]
        ("0000001A 00000000 00000000", .notThrift),
        ("0000001A 00000100 00000000", .notThrift),  // a name longer than its frame
        ("8221", .thrift(.unframed, .compact)),
        ("8222", .notThrift),
        ("", .needMore),
    ]

    @Test(arguments: beginnings) func tellsTransportsApart(hex: String, expected: ThriftDetector.Detection) {
        let bytes = Golden.bytes(hex)
        #expect(ThriftDetector.detect(bytes.rawSpan) == expected)
    }

    @Test(arguments: beginnings) func neverChangesItsMind(hex: String, expected: ThriftDetector.Detection) {
        let bytes = Golden.bytes(hex)
        for count in 0...bytes.count {
            let detection = ThriftDetector.detect(Array(bytes[0..<count]).rawSpan)
            #expect(detection == expected || detection == .needMore)
            if count >= ThriftDetector.sufficientBytes { #expect(detection == expected) }
        }
    }
}
