import Bytes
import CLinux
import Compression
import Glibc

/// Compresses chunks on a thread of its own, one at a time, while the next one is being filled.
///
/// The slot belongs to the thread from ``submit(_:)`` until ``collect(waits:)`` has returned true, and to the caller
/// otherwise; two semaphores hand it over.
@safe final class ChunkPacker: @unchecked Sendable {
    private struct Slot: ~Copyable {
        var buffer: RecordBuffer
        var compressed: [UInt8] = []
        var crc: UInt32 = 0
        var isLast = false
    }

    private let slot: UnsafeMutablePointer<Slot>
    private let level: Int
    /// Posted when the slot holds a chunk, and when it is compressed.
    private let work: UnsafeMutablePointer<sem_t>
    private let done: UnsafeMutablePointer<sem_t>
    private var thread = pthread_t()
    private(set) var isBusy = false

    /// Nil when no thread can be had; chunks are then compressed by whoever closes them.
    init?(level: Int, capacity: Int) {
        self.level = level
        unsafe slot = .allocate(capacity: 1)
        unsafe slot.initialize(to: Slot(buffer: RecordBuffer(capacity: capacity)))
        unsafe work = .allocate(capacity: 1)
        unsafe done = .allocate(capacity: 1)
        unsafe work.initialize(to: sem_t())
        unsafe done.initialize(to: sem_t())
        unsafe sem_init(work, 0, 0)
        unsafe sem_init(done, 0, 0)
        let body = unsafe Body(slot, work, done, level)
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

    /// Takes the chunk in `buffer`, which gets an empty one; not while it is busy.
    func submit(_ buffer: inout RecordBuffer) {
        precondition(!isBusy, "a chunk is being compressed")
        unsafe swap(&slot.pointee.buffer, &buffer)
        buffer.removeAll()
        isBusy = true
        unsafe sem_post(work)
    }

    /// True when the chunk that was submitted is compressed.
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

    /// What the last chunk became; not while it is busy.
    var compressed: [UInt8] { unsafe slot.pointee.compressed }
    /// Of the chunk's content.
    var crc: UInt32 { unsafe slot.pointee.crc }

    @safe private final class Body: @unchecked Sendable {
        let slot: UnsafeMutablePointer<Slot>
        let work: UnsafeMutablePointer<sem_t>
        let done: UnsafeMutablePointer<sem_t>
        let compressor: ZstdFrameCompressor

        init(
            _ slot: UnsafeMutablePointer<Slot>, _ work: UnsafeMutablePointer<sem_t>,
            _ done: UnsafeMutablePointer<sem_t>, _ level: Int
        ) {
            unsafe self.slot = slot
            unsafe self.work = work
            unsafe self.done = done
            compressor = ZstdFrameCompressor(level: level)
        }

        func run() {
            while true {
                while unsafe sem_wait(work) != 0 {}
                if unsafe slot.pointee.isLast { return }
                unsafe slot.pointee.compressed.removeAll(keepingCapacity: true)
                unsafe compressor.compress(slot.pointee.buffer.bytes, appendingTo: &slot.pointee.compressed)
                unsafe slot.pointee.crc = CRC32.of(slot.pointee.buffer.bytes)
                unsafe sem_post(done)
            }
        }
    }
}
