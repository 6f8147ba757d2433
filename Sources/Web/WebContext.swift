package import Hummingbird
import Logging
import NIOCore

/// What a request carries on its way through the routes.
package struct WebContext: RequestContext {
    package var coreContext: CoreRequestContextStorage
    /// The other end of the connection: the client or a proxy.
    let peer: SocketAddress?

    package init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        peer = source.channel.remoteAddress
        // Hummingbird numbers requests itself; the one id that counts is given by `RequestObserver`.
        logger[metadataKey: "hb.request.id"] = nil
    }
}
