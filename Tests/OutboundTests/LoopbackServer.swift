import Foundation
import Glibc
import Synchronization

/// A socket on loopback that answers every connection with the same bytes, or never.
final class LoopbackServer: Sendable {
    enum Behaviour: Sendable {
        /// Once the request has come whole: a socket closed on unread bytes would reset the connection.
        case answer(String)
        /// Takes the request and says nothing.
        case silence
        /// Takes the request and closes.
        case hangUp
        /// Keeps the port, so that nobody else gets it, but does not listen.
        case refuse
    }

    /// What every request of these tests ends with.
    static let requestEnd = "hello"

    let port: UInt16
    private let listener: Int32
    private let received = Mutex<String>("")

    var lastRequest: String { received.withLock { $0 } }

    init(_ behaviour: Behaviour) throws {
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let listener = listener
        let outcome = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { raw in
                bind(listener, raw, length) | getsockname(listener, raw, &length)
            }
        }
        guard listener >= 0, outcome == 0 else { throw POSIXError(.EADDRINUSE) }
        port = UInt16(bigEndian: address.sin_port)
        if case .refuse = behaviour { return }
        guard listen(listener, 8) == 0 else { throw POSIXError(.EADDRINUSE) }
        let thread = Thread { [self] in serve(behaviour) }
        thread.start()
    }

    private func serve(_ behaviour: Behaviour) {
        var open = [Int32]()
        while true {
            let connection = accept(listener, nil, nil)
            guard connection >= 0 else { break }
            readRequest(connection)
            switch behaviour {
            case .answer(let text):
                let bytes = Array(text.utf8)
                _ = write(connection, bytes, bytes.count)
                close(connection)
            case .silence: open.append(connection)
            case .hangUp, .refuse: close(connection)
            }
        }
        for connection in open { close(connection) }
        // Here and not in `stop`: a number that is closed while this thread may still accept on it could by then
        // belong to the socket of another test.
        close(listener)
    }

    private func readRequest(_ connection: Int32) {
        var whole = [UInt8]()
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while !whole.suffix(Self.requestEnd.utf8.count).elementsEqual(Self.requestEnd.utf8) {
            let count = read(connection, &buffer, buffer.count)
            guard count > 0 else { break }
            whole += buffer.prefix(count)
        }
        received.withLock { $0 = String(decoding: whole, as: UTF8.self) }
    }

    /// Makes a thread that waits for connections end; connections are refused from then on.
    func stop() { shutdown(listener, Int32(SHUT_RDWR)) }
}
