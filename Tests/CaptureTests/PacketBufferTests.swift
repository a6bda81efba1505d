import Bytes
import Testing

@testable import Capture

@Suite struct PacketBufferTests {
    @Test func aPacketLargerThanTheWindowComesWholeWhateverThePieces() throws {
        let content = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        var buffer = PacketBuffer(ArrayInput(content), capacity: 64)
        #expect(try buffer.require(10))
        buffer.skip(10)
        #expect(try buffer.require(70_000))
        buffer.withBytes(buffer.start, 70_000) { bytes in
            #expect((0..<70_000).allSatisfy { bytes[byte: $0] == content[10 + $0] })
        }
        buffer.skip(70_000)
        #expect(try buffer.require(29_990))
        #expect(try !buffer.require(29_991))
        #expect(buffer.count == 29_990)
    }

    @Test func aLengthThatIsOnlyClaimedTakesNoMemory() throws {
        var buffer = PacketBuffer(ArrayInput([UInt8](repeating: 1, count: 500)), capacity: 64)
        #expect(try !buffer.require(PacketBuffer.maximumBlock))
        #expect(buffer.count == 500)
        #expect(buffer.capacity <= 1024)
    }
}
