internal import COpenSSL
import Glibc

/// What the TLS connections of a run have in common: which authorities are believed, and who we are. Made once, then shared
/// by all threads.
///
/// TLS 1.2 and 1.3, through the system's OpenSSL 3. It writes with write(2), so making a context lets the process ignore
/// SIGPIPE.
@safe
package final class TLSContext: Sendable {
    package struct Options: Sendable, Equatable {
        /// A PEM file of authorities, instead of the system's.
        package var authorities: String?
        /// Our own certificate, with its chain, and its key, as PEM files.
        package var certificate: String?
        package var key: String?
        /// False: whoever answers is believed.
        package var verifies = true

        package init() {}
    }

    package let verifies: Bool
    // A context may be used by several threads once it is set up (SSL_CTX_new(3), openssl-threads(7)), and this one is not
    // changed after the initialiser.
    nonisolated(unsafe) let context: OpaquePointer

    /// Reads the files. Throws what cannot be used, and why.
    package init(_ options: Options) throws(TLSError) {
        verifies = options.verifies
        guard let context = unsafe SSL_CTX_new(TLS_client_method()) else { throw TLSError.last("no TLS") }
        unsafe self.context = context
        signal(SIGPIPE, SIG_IGN)
        unsafe tinct_tls_configure(context)
        unsafe tinct_tls_ask_nobody(context)
        unsafe SSL_CTX_set_verify(context, options.verifies ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nil)
        if let file = options.authorities {
            if unsafe SSL_CTX_load_verify_locations(context, file, nil) != 1 {
                throw TLSError.last("the authorities in \(file) cannot be read")
            }
        } else if unsafe SSL_CTX_set_default_verify_paths(context) != 1 {
            throw TLSError.last("the system's authorities cannot be read")
        }
        if let file = options.certificate {
            if unsafe SSL_CTX_use_certificate_chain_file(context, file) != 1 {
                throw TLSError.last("the certificate \(file) cannot be read")
            }
        }
        if let file = options.key {
            if unsafe SSL_CTX_use_PrivateKey_file(context, file, SSL_FILETYPE_PEM) != 1 {
                throw TLSError.last("the key \(file) cannot be used")
            }
            if unsafe SSL_CTX_check_private_key(context) != 1 {
                throw TLSError.last("the key \(file) does not belong to the certificate")
            }
        }
    }

    deinit { unsafe SSL_CTX_free(context) }
}

/// Why TLS failed, as OpenSSL says it. Never holds content.
package struct TLSError: Error, Equatable, Sendable, CustomStringConvertible {
    package var description: String

    package init(_ description: String) { self.description = description }

    /// With the reason that the calling thread's error queue holds, which is emptied.
    static func last(_ what: String) -> TLSError {
        let reason = lastReason()
        return TLSError(reason.isEmpty ? what : "\(what) (\(reason))")
    }

    /// The first reason in the calling thread's error queue, which is emptied; empty when there is none.
    static func lastReason() -> String {
        let code = ERR_get_error()
        ERR_clear_error()
        guard code != 0, let text = unsafe ERR_reason_error_string(code) else { return "" }
        return unsafe String(cString: text)
    }
}
