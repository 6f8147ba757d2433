import Stripe
import Testing

/// The quick reading may give up, but where it says something, the full one says the same.
@Suite("The outline by which an event is stored")
struct EventOutlineTests {
    private static let snapshot = """
        {"id":"evt_1","object":"event","api_version":"2026-01-01","created":1795000000,"livemode":false,
         "data":{"object":{"id":"in_1","object":"invoice","lines":{"data":[{"id":"il_1","amount":-1.5e+3}]},
         "note":"caf\u{e9} \\u00e9 \\"x\\"","paid":true,"gone":null,"empty":[],"none":{}},
         "previous_attributes":{"id":"in_0"}},
         "type":"invoice.paid","request":{"id":"req_1","idempotency_key":null}}
        """
    private static let thin = """
        {"id":"evt_2","object":"v2.core.event","type":"v1.charge.succeeded","livemode":true,
         "created":"2026-11-22T09:00:00.000Z","related_object":{"id":"ch_1","type":"charge","url":"/v1/charges/ch_1"}}
        """

    /// What both readings say, as text: the fields, or the failure.
    private func said(_ body: [UInt8]) -> (outline: String, envelope: String) {
        let outline = Result { () throws -> String in
            let outline = try EventOutline.read(body)
            return "\(outline.id) \(outline.type) \(outline.livemode) \(outline.objectID ?? "-")"
        }
        let envelope = Result { () throws -> String in
            let envelope = try EventEnvelope.parse(body)
            return "\(envelope.id) \(envelope.type) \(envelope.livemode) \(envelope.objects.id ?? "-")"
        }
        func text(_ result: Result<String, any Error>) -> String {
            switch result {
            case .success(let text): text
            case .failure(let error): "\(error)"
            }
        }
        return (text(outline), text(envelope))
    }

    @Test("both forms are read")
    func forms() throws {
        #expect(said(Array(Self.snapshot.utf8)).outline == "evt_1 invoice.paid false in_1")
        #expect(said(Array(Self.thin.utf8)).outline == "evt_2 charge.succeeded true ch_1")
    }

    @Test("an odd body is judged as the full reading judges it")
    func odd() {
        let odd = [
            "", " ", "null", "[]", "{}", "{", "\u{feff}{}", #"{"id":"a","id":"b"}"#, Self.snapshot + " x",
            Self.snapshot + "\n", Self.snapshot.replacing("evt_1", with: ""),
            Self.snapshot.replacing("evt_1", with: #"evt_\u0031"#),
            Self.snapshot.replacing(#""id":"evt_1""#, with: #""\u0069d":"evt_1""#),
            Self.snapshot.replacing(#""id":"evt_1""#, with: #""id":7"#),
            Self.snapshot.replacing(#""id":"in_1""#, with: #""id":null"#),
            Self.snapshot.replacing(#""id":"in_1","#, with: ""),
            Self.snapshot.replacing(#""livemode":false"#, with: #""livemode":"false""#),
            Self.snapshot.replacing(#""livemode":false"#, with: #""livemode":null"#),
            Self.snapshot.replacing("-1.5e+3", with: "01"), Self.snapshot.replacing("-1.5e+3", with: "1."),
            Self.snapshot.replacing("true", with: "True"), Self.snapshot.replacing("\"x", with: "\"\u{1}x"),
            Self.snapshot.replacing("[]", with: String(repeating: "[", count: 70) + String(repeating: "]", count: 70)),
            Self.thin.replacing("related_object", with: "data"), Self.thin.replacing("v2.core.event", with: "other"),
        ]
        for text in odd {
            let both = said(Array(text.utf8))
            #expect(both.outline == both.envelope, "\(text)")
        }
        var notText = Array(Self.snapshot.utf8)
        if let place = notText.firstIndex(of: 0xC3) { notText[place] = 0xFF }
        #expect(notText.contains(0xFF))
        let both = said(notText)
        #expect(both.outline == both.envelope)
    }

    @Test("cut short and altered at every place, both readings agree")
    func altered() {
        for text in [Self.snapshot, Self.thin] {
            let body = Array(text.utf8)
            for place in body.indices {
                let cut = said(Array(body[..<place]))
                #expect(cut.outline == cut.envelope, "cut at \(place)")
                for byte in #""\{}[],:0 tn"#.utf8 {
                    var other = body
                    other[place] = byte
                    let both = said(other)
                    #expect(both.outline == both.envelope, "byte \(byte) at \(place)")
                }
            }
        }
    }
}
