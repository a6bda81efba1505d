import Bytes
import Glibc
import Synchronization

/// Workers on threads of their own, and their results in the order of leaves.
///
/// Worker w of n makes leaves w, w + n, w + 2n, … of the range. While one of its leaves is looked at it makes the next,
/// and hands that over only afterwards: two leaves of memory for each worker, and a slow output slows them all.
final class LeafThreads: Sendable {
    private let lanes: [Lane]
    private let range: Range<Int>

    /// - Parameter make: makes a worker, on its thread.
    init(
        _ range: Range<Int>, count: Int, make: @escaping @Sendable () throws -> LeafWorker
    ) {
        self.range = range
        lanes = (0..<count).map { number in
            Lane { lane in
                do {
                    let worker = try make()
                    for leaf in stride(from: range.lowerBound + number, to: range.upperBound, by: count) {
                        let result = try worker.make(leaf)
                        if !lane.put(.success(result)) { return }
                    }
                } catch { _ = lane.put(.failure(error)) }
            }
        }
    }

    /// Hands every result to `body`, first leaf first; the first error ends all of it.
    func forEach(_ body: (LeafResult) throws -> Void) throws {
        defer { for lane in lanes { lane.stop() } }
        for leaf in range {
            let lane = lanes[(leaf - range.lowerBound) % lanes.count]
            try body(try lane.take().get())
            lane.release()
        }
    }

    /// A thread and the slot that it fills.
    @safe private final class Lane: @unchecked Sendable {
        private let slot = Lock<Result<LeafResult, any Error>?>(nil)
        private let isStopped = Atomic(false)
        /// Posted when the slot is full, and when it is empty.
        private let full: UnsafeMutablePointer<sem_t>
        private let empty: UnsafeMutablePointer<sem_t>
        private var thread = pthread_t()

        init(_ run: @escaping @Sendable (Lane) -> Void) {
            unsafe full = .allocate(capacity: 1)
            unsafe empty = .allocate(capacity: 1)
            unsafe full.initialize(to: sem_t())
            unsafe empty.initialize(to: sem_t())
            unsafe sem_init(full, 0, 0)
            unsafe sem_init(empty, 0, 1)
            let body = unsafe Unmanaged.passRetained(Body { [unowned self] in run(self) })
            let status = unsafe pthread_create(
                &thread, nil,
                { argument in
                    if let argument = unsafe argument {
                        unsafe Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run()
                    }
                    return nil
                }, body.toOpaque())
            precondition(status == 0, "no thread can be had")
        }

        deinit {
            unsafe sem_destroy(full)
            unsafe sem_destroy(empty)
            unsafe full.deallocate()
            unsafe empty.deallocate()
        }

        /// False when nobody wants it any more.
        func put(_ value: Result<LeafResult, any Error>) -> Bool {
            unsafe Self.wait(empty)
            if isStopped.load(ordering: .acquiring) { return false }
            slot.withLock { $0 = value }
            unsafe sem_post(full)
            return true
        }

        func take() -> Result<LeafResult, any Error> {
            unsafe Self.wait(full)
            let value = slot.withLock { slot in
                defer { slot = nil }
                return slot
            }
            return value ?? .failure(CancellationError())
        }

        /// What was taken is not looked at any more: the next may come.
        func release() { unsafe sem_post(empty) }

        /// Ends the thread; whatever it has is dropped.
        func stop() {
            isStopped.store(true, ordering: .releasing)
            unsafe sem_post(empty)
            pthread_join(thread, nil)
        }

        private static func wait(_ semaphore: UnsafeMutablePointer<sem_t>) {
            while unsafe sem_wait(semaphore) != 0 {}
        }

        private final class Body: Sendable {
            let run: @Sendable () -> Void
            init(_ run: @escaping @Sendable () -> Void) { self.run = run }
        }
    }
}
