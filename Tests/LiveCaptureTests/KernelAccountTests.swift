import Testing

@testable import LiveCapture

struct KernelAccountTests {
    @Test("Counters of 32 bits go on behind their wrap")
    func wraps() {
        var account = KernelAccount((UInt32.max - 9, UInt32.max, 5), atNanos: 100)
        account.update((90, 1, 7), atNanos: 200)
        #expect(account.received == 100)
        #expect(account.dropped == 2)
        #expect(account.interfaceDropped == 2)
    }

    @Test("Drops that follow one another are one window, and a pause begins the next")
    func windows() {
        var account = KernelAccount((0, 0, 0), atNanos: 100)
        account.update((10, 0, 0), atNanos: 200)
        account.update((20, 5, 0), atNanos: 300)
        account.update((30, 9, 0), atNanos: 400)
        account.update((40, 9, 0), atNanos: 500)
        account.update((50, 10, 0), atNanos: 600)
        #expect(
            account.windows == [
                .init(sinceNanos: 200, untilNanos: 400, packets: 9),
                .init(sinceNanos: 500, untilNanos: 600, packets: 1),
            ])
    }

    @Test("Windows are bounded in number, and no dropped packet is left out")
    func bounded() {
        var account = KernelAccount((0, 0, 0), atNanos: 0)
        var dropped: UInt32 = 0
        for step in 1...5000 as ClosedRange<UInt32> {
            if step % 2 == 0 { dropped += 1 }
            account.update((step, dropped, 0), atNanos: UInt64(step))
        }
        #expect(account.windows.count == KernelAccount.maximumWindows)
        #expect(account.windows.reduce(0) { $0 + $1.packets } == 2500)
        #expect(account.windows.last?.untilNanos == 5000)
    }
}
