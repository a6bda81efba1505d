import Bytes
import Foundation
import Tape
import TestSupport
import Testing

@testable import Synthesis

/// What is labelled as refused by the schema is refused by validators of other people's making, and the rest is not.
@Suite struct ValidatorTests {
    /// `make acceptance` asks for a million.
    private static let count = UInt64(ProcessInfo.processInfo.environment["TINCT_VALIDATED_COUNT"] ?? "") ?? 10_000

    private func frames(_ plan: SynthesisPlan) throws -> [UInt8] {
        var out: [UInt8] = []
        let maker = LeafMaker(plan)
        for leaf in 0..<plan.leafCount {
            try maker.make(leaf, .init()) { made in
                // What a label of L1 does not claim may go either way; wire faults are not read at all.
                let labels = made.exchange.labels
                if labels.contains(where: { $0.layer == "L0" && $0.detectableAt == "wire" }) { return }
                let isNegative = labels.contains { $0.detectableAt == "schema" }
                let isOpen = !isNegative && labels.contains { $0.layer == "L1" }
                out.append(isNegative ? 0x4E : isOpen ? 0x3F : 0x50)
                let wire = made.exchange.request?.wire ?? []
                let body = plan.format.wire.protocol == .http1 ? wire[(bodyStart(wire))...] : wire[4...]
                out.append(bigEndian: UInt32(body.count))
                out += body
            }
        }
        return out
    }

    private func bodyStart(_ wire: [UInt8]) -> Int {
        (0..<wire.count - 3).first { wire[$0..<$0 + 4].elementsEqual([13, 10, 13, 10]) }.map { $0 + 4 } ?? 0
    }

    private static let head = """
        import sys, struct
        def records(data):
            at = 0
            while at < len(data):
                kind, size = chr(data[at]), struct.unpack('>I', data[at+1:at+5])[0]
                yield kind, data[at+5:at+5+size]
                at += 5 + size
        def judge(accepts):
            seen = {'P': 0, 'N': 0, '?': 0}
            wrong = []
            for number, (kind, body) in enumerate(records(open(sys.argv[1], 'rb').read())):
                seen[kind] += 1
                ok, why = accepts(body)
                if (kind == 'P' and not ok) or (kind == 'N' and ok):
                    wrong.append((number, kind, why))
            print('wrong', len(wrong), *wrong[:3])
            print('negatives', seen['N'] > 0, 'positives', seen['P'] > 0)

        """

    @Test(.requires(.python))
    func `jsonschema refuses what the labels say, and accepts the rest`() throws {
        let folder = try TemporaryDirectory("validated")
        let plan = try Catalogue.plan(Catalogue.types(.http), .http, total: Self.count, rate: "40%", seed: 2)
        let data = try folder.write("requests", frames(plan))
        let schema = try folder.write("schema.yaml", text: Catalogue.schemaText(.http))
        let result = try python(
            Self.head + """
                import json, yaml, jsonschema
                document = yaml.safe_load(open(sys.argv[2]))
                schema = {'$ref': '#/components/schemas/RiskRequest', 'components': document['components']}
                validator = jsonschema.Draft202012Validator(schema)
                def accepts(body):
                    error = next(validator.iter_errors(json.loads(body)), None)
                    return error is None, error and error.message[:80]
                judge(accepts)
                """, [data, schema], timeoutSeconds: 3600)
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.output == "wrong 0\nnegatives True positives True\n")
    }

    @Test(.requires(.python), arguments: [Catalogue.Carrier.binary, .compact])
    func `Apache Thrift refuses what the labels say, and accepts the rest`(carrier: Catalogue.Carrier) throws {
        let folder = try TemporaryDirectory("validated")
        let plan = try Catalogue.plan(Catalogue.types(carrier), carrier, total: Self.count, rate: "40%", seed: 2)
        let data = try folder.write("requests", frames(plan))
        let idl = try folder.write("risk_decision.thrift", text: Catalogue.schemaText(carrier))
        let made = try ChildProcess("/usr/bin/thrift", ["--gen", "py", "-out", folder.path, idl]).wait()
        try #require(made.status == 0, "\(made.errors)")
        let result = try python(
            Self.head + """
                sys.path.insert(0, sys.argv[2])
                from thrift.transport import TTransport
                from thrift.protocol import TBinaryProtocol, TCompactProtocol
                from tinct_risk import RiskDecision
                factory = TBinaryProtocol.TBinaryProtocolAcceleratedFactory() if sys.argv[3] == 'binary' \\
                    else TCompactProtocol.TCompactProtocolAcceleratedFactory()
                def check(value):
                    if isinstance(value, (list, set)):
                        for item in value: check(item)
                    elif hasattr(value, 'validate'):
                        value.validate()
                        for item in vars(value).values(): check(item)
                def accepts(body):
                    protocol = factory.getProtocol(TTransport.TMemoryBuffer(body))
                    try:
                        protocol.readMessageBegin()
                        arguments = RiskDecision.evaluate_args()
                        arguments.read(protocol)
                        check(arguments.req)
                        return arguments.req is not None, None
                    except Exception as error:
                        return False, repr(error)[:80]
                judge(accepts)
                """, [data, folder.path, carrier.rawValue], timeoutSeconds: 3600)
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.output == "wrong 0\nnegatives True positives True\n")
    }
}
