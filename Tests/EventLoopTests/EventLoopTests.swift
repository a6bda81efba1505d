import EventLoop
import Glibc
import Synchronization
import Testing

@Suite struct EventLoopTests {
    @Test func bytesSentByAClientArriveAtAnAcceptedConnection() throws {
        let listener = try Socket.listen(on: SocketAddress(resolving: "127.0.0.1", port: 0))
        defer { Socket.close(listener) }
        let address = try #require(Socket.localAddress(of: listener))
        #expect(address.isLoopback && address.port != 0)
        var poller = try Poller()
        try poller.add(listener, token: 7, interest: .readable)
        let client = try Socket.connect(to: address)
        defer { Socket.close(client) }
        let ready = poller.wait(timeoutNanos: 2_000_000_000)
        #expect(ready == 1)
        #expect(poller.token(at: 0) == 7 && poller.isReadable(at: 0) && !poller.isWritable(at: 0))
        let server = Socket.accept(from: listener)
        try #require(server >= 0)
        defer { Socket.close(server) }
        #expect(Socket.accept(from: listener) == -EAGAIN)
        #expect(Socket.connectionError(of: client) == 0)
        let sent = unsafe [UInt8]("hello".utf8).withUnsafeBytes {
            unsafe Socket.send(client, $0.baseAddress!, $0.count)
        }
        #expect(sent == 5)
        try poller.add(server, token: 8, interest: .readable)
        let arrived = poller.wait(timeoutNanos: 2_000_000_000)
        #expect(arrived == 1)
        var bytes = [UInt8](repeating: 0, count: 16)
        let received = unsafe bytes.withUnsafeMutableBytes { unsafe Socket.receive(server, $0.baseAddress!, $0.count) }
        #expect(received == 5 && bytes.prefix(5).elementsEqual("hello".utf8))
    }

    @Test func aRefusedConnectionReportsItsError() throws {
        let listener = try Socket.listen(on: SocketAddress(resolving: "127.0.0.1", port: 0))
        let address = try #require(Socket.localAddress(of: listener))
        Socket.close(listener)
        let client: Int32
        do { client = try Socket.connect(to: address) } catch {
            #expect(error.code == ECONNREFUSED)
            return
        }
        defer { Socket.close(client) }
        var poller = try Poller()
        try poller.add(client, token: 1, interest: .writable)
        let ready = poller.wait(timeoutNanos: 2_000_000_000)
        #expect(ready == 1)
        #expect(Socket.connectionError(of: client) == ECONNREFUSED)
    }

    @Test func waitingEndsAtTheDeadlineAndNotAMillisecondLater() throws {
        var poller = try Poller()
        var shortest = UInt64.max
        for _ in 0..<20 {
            let start = Clock.monotonicNanos()
            let count = poller.wait(timeoutNanos: 200_000)
            #expect(count == 0)
            let taken = Clock.monotonicNanos() - start
            #expect(taken >= 200_000)
            shortest = min(shortest, taken)
        }
        #expect(shortest < 1_000_000)
    }

    @Test func aWakeupEndsTheWaitOfAnotherThread() throws {
        let wakeup = try Wakeup()
        let result = Result()
        let thread = try LoopThread(sharpTimers: true) {
            guard var poller = try? Poller(), (try? poller.add(wakeup.descriptor, token: 3, interest: .readable)) != nil
            else { return }
            let count = poller.wait(timeoutNanos: 10_000_000_000)
            wakeup.clear()
            let after = poller.wait(timeoutNanos: 0)
            result.value.store(count == 1 && after == 0, ordering: .releasing)
        }
        wakeup.signal()
        thread.join()
        let wasWoken = result.value.load(ordering: .acquiring)
        #expect(wasWoken)
    }

    private final class Result: Sendable {
        let value = Atomic(false)
    }

    @Test func addressesKnowWhetherTheyStayOnTheMachine() throws {
        #expect(try SocketAddress(resolving: "127.9.9.9", port: 80).isLoopback)
        #expect(try SocketAddress(resolving: "::1", port: 80).description == "[::1]:80")
        #expect(try SocketAddress(resolving: "::1", port: 80).isLoopback)
        #expect(try !SocketAddress(resolving: "192.0.2.1", port: 80).isLoopback)
        #expect(try SocketAddress(resolving: "::ffff:127.0.0.1", port: 80).isLoopback)
        #expect(throws: SystemError.self) { try SocketAddress(resolving: "no such host", port: 80) }
    }
}
