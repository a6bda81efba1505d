import EventLoop
import Glibc
import Testing

/// Whether the kernel permits io_uring; where it does not, the tests over it are skipped by this condition's name.
let ioUringIsPermitted: Bool = {
    do throws(SystemError) {
        _ = try Ring()
        return true
    } catch {
        return false
    }
}()

@Suite(.enabled(if: ioUringIsPermitted, "io_uring is permitted")) struct RingTests {
    /// A connected pair of sockets.
    private func pair() throws -> (near: Int32, far: Int32) {
        let listener = try Socket.listen(on: SocketAddress(resolving: "127.0.0.1", port: 0))
        defer { Socket.close(listener) }
        let near = try Socket.connect(to: #require(Socket.localAddress(of: listener)))
        try #require(Socket.waitReadable(listener, untilNanos: Clock.monotonicNanos() + 2_000_000_000))
        let far = Socket.accept(from: listener)
        try #require(far >= 0)
        return (near, far)
    }

    private func send(_ fd: Int32, _ bytes: [UInt8]) -> Int {
        unsafe bytes.withUnsafeBytes { unsafe Socket.send(fd, $0.baseAddress!, $0.count) }
    }

    /// What can be read within a moment.
    private func drain(_ fd: Int32, atLeast count: Int) -> [UInt8] {
        var all: [UInt8] = []
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        while all.count < count, Socket.waitReadable(fd, untilNanos: Clock.monotonicNanos() + 2_000_000_000) {
            let received = unsafe bytes.withUnsafeMutableBytes { unsafe Socket.receive(fd, $0.baseAddress!, $0.count) }
            if received <= 0 { break }
            all += bytes[..<received]
        }
        return all
    }

    private func bytes(_ completion: Ring.Completion) -> [UInt8] {
        guard let start = unsafe completion.bytes else { return [] }
        return unsafe Array(UnsafeBufferPointer(start: start, count: max(0, completion.result)))
    }

    @Test func bytesGoBothWays() throws {
        let (near, far) = try pair()
        defer { Socket.close(far) }
        var ring = try Ring()
        ring.receive(from: near, token: 7)
        let isStaged = unsafe [UInt8]("hello".utf8).withUnsafeBufferPointer {
            unsafe ring.stage(near, $0.baseAddress!, $0.count, token: 8) != nil
        }
        #expect(isStaged && ring.hasPending)
        var count = ring.turn(timeoutNanos: 0)
        // A send that was taken whole says nothing.
        #expect(count == 0 && !ring.hasPending)
        #expect(drain(far, atLeast: 5) == Array("hello".utf8))
        #expect(send(far, Array("world".utf8)) == 5)
        count = ring.turn(timeoutNanos: 2_000_000_000)
        try #require(count == 1)
        let completion = ring.completion(at: 0)
        #expect(completion.token == 7 && bytes(completion) == Array("world".utf8) && completion.goesOn)
        ring.giveBack(completion)
        ring.finish(count)
        // Closing alone would leave the socket open for as long as something is received from it.
        Socket.shutDown(near)
        Socket.close(near)
        count = ring.turn(timeoutNanos: 2_000_000_000)
        try #require(count == 1)
        #expect(ring.completion(at: 0).result == 0 && !ring.completion(at: 0).goesOn)
        ring.finish(count)
        #expect(drain(far, atLeast: 1).isEmpty)
    }

    @Test func aSendThatFindsNoRoomSaysHowMuchWasTaken() throws {
        let (near, far) = try pair()
        defer {
            Socket.close(near)
            Socket.close(far)
        }
        var ring = try Ring()
        let block = (0..<16_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        var taken = 0
        var result: Int?
        while result == nil {
            let isStaged = unsafe block.withUnsafeBufferPointer {
                unsafe ring.stage(near, $0.baseAddress!, $0.count, token: 9) != nil
            }
            try #require(isStaged)
            let count = ring.turn(timeoutNanos: 0)
            if count > 0 {
                #expect(ring.completion(at: 0).token == 9)
                result = ring.completion(at: 0).result
                ring.finish(count)
            } else {
                taken += block.count
            }
            try #require(taken < 1 << 30)
        }
        let last = try #require(result)
        #expect(last == -Int(EAGAIN) || (1..<block.count).contains(last))
        taken += max(0, last)
        let arrived = drain(far, atLeast: taken)
        #expect(arrived.count == taken)
        #expect(arrived.indices.allSatisfy { arrived[$0] == block[$0 % block.count] })
        // Nothing is tried again behind our back.
        #expect(ring.turn(timeoutNanos: 10_000_000) == 0)
    }

    @Test func moreThanAllBuffersHoldArrivesInOrder() throws {
        let (near, far) = try pair()
        defer {
            Socket.close(near)
            Socket.close(far)
        }
        let all = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
        let writer = try LoopThread {
            var sent = 0
            while sent < all.count {
                let count = unsafe all.withUnsafeBytes {
                    unsafe Socket.send(far, $0.baseAddress! + sent, all.count - sent)
                }
                sent += max(0, count)
                if count < 0 { Clock.sleep(nanos: 100_000) }
            }
        }
        var ring = try Ring()
        ring.receive(from: near, token: 1)
        var arrived: [UInt8] = []
        var held: [Ring.Completion] = []
        var hadNoBuffer = false
        while arrived.count < all.count {
            let count = ring.turn(timeoutNanos: 5_000_000_000)
            try #require(count > 0)
            for index in 0..<count {
                let completion = ring.completion(at: index)
                arrived += bytes(completion)
                held.append(completion)
                if completion.goesOn { continue }
                hadNoBuffer = hadNoBuffer || completion.result == -Int(ENOBUFS)
                for completion in held { ring.giveBack(completion) }
                held = []
                ring.receive(from: near, token: 1)
            }
            ring.finish(count)
        }
        writer.join()
        #expect(hadNoBuffer)
        #expect(arrived == all)
    }

    @Test func itReportsOnceThatADescriptorCanBeRead() throws {
        let wakeup = try Wakeup()
        var ring = try Ring()
        ring.watch(wakeup.descriptor, token: 5)
        #expect(ring.turn(timeoutNanos: 0) == 0)
        wakeup.signal()
        let count = ring.turn(timeoutNanos: 2_000_000_000)
        try #require(count == 1)
        #expect(ring.completion(at: 0).token == 5 && !ring.completion(at: 0).goesOn)
        ring.finish(count)
        wakeup.signal()
        #expect(ring.turn(timeoutNanos: 10_000_000) == 0)
    }
}
