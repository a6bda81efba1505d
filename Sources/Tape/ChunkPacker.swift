import CLinux
import Glibc

/// Compresses and writes chunks on a thread of its own, one at a time, while the next one is being filled.
///
/// The slot and the file belong to the thread from ``submit(_:_:)`` until ``collect(waits:)`` has returned true, and to the caller
/// otherwise; two semaphores hand it over.
@safe final class ChunkPacker: @unchecked Sendable {
    private struct Slot: ~Copyable {
        var buffer: RecordBuffer
        var contents = ChunkContents()
        var isLast = false
    }

    private let slot: UnsafeMutablePointer<Slot>
    /// Posted when the slot holds a chunk, and when that is written.
    private let work: UnsafeMutablePointer<sem_t>
    private let done: UnsafeMutablePointer<sem_t>
    private var thread = pthread_t()
    private(set) var isBusy = false

    /// Nil when no thread can be had; chunks are then written by whoever closes them.
    init?(_ file: TapeFile, capacity: Int) {
        unsafe slot = .allocate(capacity: 1)
        unsafe slot.initialize(to: Slot(buffer: RecordBuffer(capacity: capacity)))
        unsafe work = .allocate(capacity: 1)
        unsafe done = .allocate(capacity: 1)
        unsafe work.initialize(to: sem_t())
        unsafe done.initialize(to: sem_t())
        unsafe sem_init(work, 0, 0)
        unsafe sem_init(done, 0, 0)
        let body = unsafe Body(slot, work, done, file)
        let argument = unsafe Unmanaged.passRetained(body)
        let status = unsafe pthread_create(
            &thread, nil,
            { argument in
                if let argument = unsafe argument {
                    unsafe Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run()
                }
                return nil
            }, argument.toOpaque())
        if status != 0 {
            unsafe argument.release()
            thread = 0
            return nil
        }
    }

    deinit {
        if thread != 0 {
            if isBusy { _ = collect(waits: true) }
            unsafe slot.pointee.isLast = true
            unsafe sem_post(work)
            pthread_join(thread, nil)
        }
        unsafe sem_destroy(work)
        unsafe sem_destroy(done)
        unsafe slot.deinitialize(count: 1)
        unsafe slot.deallocate()
        unsafe work.deallocate()
        unsafe done.deallocate()
    }

    /// CPUs that this process may run on.
    static var availableCPUs: Int { Int(tinct_affinity_count()) }

    /// Takes a chunk, and gives another one's memory for it; not while it is busy.
    func submit(_ buffer: inout RecordBuffer, _ contents: inout ChunkContents) {
        precondition(!isBusy, "a chunk is under way")
        unsafe swap(&slot.pointee.buffer, &buffer)
        unsafe swap(&slot.pointee.contents, &contents)
        isBusy = true
        unsafe sem_post(work)
    }

    /// True when the chunk that was submitted is written, or the file has a ``TapeFile/failure``.
    func collect(waits: Bool) -> Bool {
        guard isBusy else { return false }
        if waits {
            while unsafe sem_wait(done) != 0 {}
        } else if unsafe sem_trywait(done) != 0 {
            return false
        }
        isBusy = false
        return true
    }

    @safe private final class Body: @unchecked Sendable {
        let slot: UnsafeMutablePointer<Slot>
        let work: UnsafeMutablePointer<sem_t>
        let done: UnsafeMutablePointer<sem_t>
        let file: TapeFile

        init(
            _ slot: UnsafeMutablePointer<Slot>, _ work: UnsafeMutablePointer<sem_t>,
            _ done: UnsafeMutablePointer<sem_t>, _ file: TapeFile
        ) {
            unsafe self.slot = slot
            unsafe self.work = work
            unsafe self.done = done
            self.file = file
        }

        func run() {
            while true {
                while unsafe sem_wait(work) != 0 {}
                if unsafe slot.pointee.isLast { return }
                // The file keeps what went wrong, for whoever collects.
                try? unsafe file.write(slot.pointee.buffer, slot.pointee.contents)
                unsafe sem_post(done)
            }
        }
    }
}
