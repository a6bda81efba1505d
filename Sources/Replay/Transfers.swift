package import EventLoop

/// How bytes get from a loop to its sockets and back.
package enum Transfers: String, Sendable, CaseIterable {
    /// io_uring where it is permitted, else epoll.
    case automatic = "auto"
    case epoll
    case ioUring = "io_uring"

    /// Why io_uring cannot be used here; nil when it can.
    package static var obstacle: SystemError? {
        do throws(SystemError) {
            _ = try Ring()
            return nil
        } catch {
            return error
        }
    }
}
