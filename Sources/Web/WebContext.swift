package import Hummingbird
import Logging

/// What a request carries on its way through the routes.
package struct WebContext: RequestContext {
    package var coreContext: CoreRequestContextStorage

    package init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        // Hummingbird numbers requests itself; the one id that counts is given by `RequestObserver`.
        logger[metadataKey: "hb.request.id"] = nil
    }
}
