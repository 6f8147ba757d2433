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

    /// A port of the loopback address that nobody listens on now.
    static func freePort() throws -> Int {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else {
            throw Failure(.failed, "no socket can be made: \(String(cString: strerror(errno)))")
        }
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(UInt32(0x7F00_0001).bigEndian)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let outcome = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { raw in
                bind(descriptor, raw, length) == 0 ? getsockname(descriptor, raw, &length) : -1
            }
        }
        guard outcome == 0 else {
            throw Failure(.failed, "no port is free: \(String(cString: strerror(errno)))")
        }
        return Int(UInt16(bigEndian: address.sin_port))
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
