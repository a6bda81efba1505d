import CLinux
package import Files
import Glibc

/// Giving up the right to capture, which nothing needs once the interface is open.
package enum Privileges {
    /// Who the process becomes.
    package struct Account: Sendable, Equatable {
        package var user: UInt32
        package var group: UInt32

        package init(user: UInt32, group: UInt32) {
            self.user = user
            self.group = group
        }

        /// A user of this machine by name or number; nil when there is none.
        package init?(named name: String) {
            if let entry = unsafe getpwnam(name) {
                self.init(user: unsafe entry.pointee.pw_uid, group: unsafe entry.pointee.pw_gid)
            } else if let number = UInt32(name), let entry = unsafe getpwuid(number) {
                self.init(user: number, group: unsafe entry.pointee.pw_gid)
            } else {
                return nil
            }
        }

        /// Who called `sudo`, or else `nobody`.
        package static var fallback: Account {
            func number(_ name: String) -> UInt32? {
                guard let text = unsafe getenv(name) else { return nil }
                return unsafe UInt32(String(cString: text))
            }
            if let user = number("SUDO_UID"), let group = number("SUDO_GID"), user != 0 {
                return Account(user: user, group: group)
            }
            return Account(named: "nobody") ?? Account(user: 65534, group: 65534)
        }
    }

    package static var isRoot: Bool { geteuid() == 0 }

    /// Becomes `account` for good. Only root can.
    package static func drop(to account: Account) throws(FileError) {
        let result = tinct_become(account.user, account.group)
        if result != 0 { throw FileError(path: "the rights of root", operation: .drop, code: -result) }
    }

    /// Gives up what a capability on the program's file gave.
    package static func dropCapabilities() { _ = tinct_drop_capabilities() }

    /// Whether `account` may create files in a folder. Asked as root.
    package static func mayWrite(_ folder: String, as account: Account) -> Bool {
        unsafe tinct_may_write_as(folder, account.user, account.group) == 1
    }
}
