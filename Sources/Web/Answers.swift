import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

/// An error as RFC 9457 writes it. `detail` is for the caller: it holds no secret and names no tenant.
struct Problem: Encodable {
    private(set) var type = "about:blank"
    var title: String
    var status: Int
    var detail: String?
    /// Which readiness checks fail.
    var failing: [String]?

    init(_ status: HTTPResponse.Status, detail: String? = nil, failing: [String]? = nil) {
        title = status.reasonPhrase
        self.status = status.code
        self.detail = detail
        self.failing = failing
    }

    func response(_ status: HTTPResponse.Status, headers: HTTPFields = [:]) throws -> Response {
        try .json(status, self, type: "application/problem+json", headers: headers)
    }
}

extension Response {
    static func json(
        _ status: HTTPResponse.Status, _ value: some Encodable, type: String = "application/json",
        headers: HTTPFields = [:]
    ) throws -> Response {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var headers = headers
        headers[.contentType] = type
        let body = ByteBuffer(bytes: try encoder.encode(value))
        return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: body))
    }

    static func text(_ text: String, type: String = "text/plain; charset=utf-8") -> Response {
        Response(
            status: .ok, headers: [.contentType: type], body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }
}
