import Foundation

/// Whether a server could listen: asked before anything is started, so that a port in use changes nothing.
enum PortProbe {
    static func requireFree(host: String, port: Int) throws {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_PASSIVE
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, String(port), &hints, &found) == 0, let address = found else {
            throw Failure(.usage, "--host (MLC_HOST) '\(host)' is not an address of this machine; write 127.0.0.1")
        }
        defer { freeaddrinfo(address) }
        let descriptor = socket(address.pointee.ai_family, address.pointee.ai_socktype, 0)
        guard descriptor >= 0 else {
            throw Failure(.failed, "no socket can be made: \(String(cString: strerror(errno)))")
        }
        defer { close(descriptor) }
        // As the server itself does: a port whose last connections still linger is free.
        var yes: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        guard bind(descriptor, address.pointee.ai_addr, address.pointee.ai_addrlen) == 0, listen(descriptor, 1) == 0
        else {
            throw refusal(errno, host: host, port: port)
        }
    }

    private static func refusal(_ reason: Int32, host: String, port: Int) -> Failure {
        switch reason {
        case EADDRINUSE:
            Failure(
                .refused, "port \(port) of \(host) is in use: choose another with --port (MLC_PORT), 0 for a free one")
        case EACCES:
            Failure(.refused, "port \(port) needs the right to bind it: choose one above 1023 with --port (MLC_PORT)")
        case EADDRNOTAVAIL:
            Failure(.usage, "--host (MLC_HOST) '\(host)' is not an address of this machine; write 127.0.0.1")
        default:
            Failure(.failed, "\(host):\(port) cannot be listened on: \(String(cString: strerror(reason)))")
        }
    }
}
