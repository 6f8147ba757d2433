/// An identifier that is text on the wire and in the database, and a type of its own in the code, so that a
/// Stripe invoice can never be passed where a tenant is meant.
package protocol TextID: RawRepresentable, Hashable, Sendable, Codable, Comparable, CustomStringConvertible
where RawValue == String {
    init(rawValue: String)
}

extension TextID {
    package init(_ text: String) { self.init(rawValue: text) }
    package var description: String { rawValue }
    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
    package init(from decoder: any Decoder) throws {
        self.init(rawValue: try decoder.singleValueContainer().decode(String.self))
    }
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(rawValue)
    }
}

/// One company with one Visma.net company and one Stripe account. Lower-case letters, digits and hyphens, 2 to 40.
package struct TenantID: TextID {
    package let rawValue: String
    package init(rawValue: String) { self.rawValue = rawValue }

    /// The id when `text` has the allowed form, else nil.
    package init?(checked text: String) {
        let allowed = text.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == 45 }
        guard allowed, (2...40).contains(text.utf8.count), text.first != "-", text.last != "-" else { return nil }
        rawValue = text
    }
}

/// `in_...`
package struct StripeInvoiceID: TextID {
    package let rawValue: String
    package init(rawValue: String) { self.rawValue = rawValue }
}

/// `cus_...`
package struct StripeCustomerID: TextID {
    package let rawValue: String
    package init(rawValue: String) { self.rawValue = rawValue }
}

/// `inpay_...`: the allocation of one payment to one invoice; the cause of a booking.
package struct InvoicePaymentID: TextID {
    package let rawValue: String
    package init(rawValue: String) { self.rawValue = rawValue }
}

/// `pi_...`
package struct PaymentIntentID: TextID {
    package let rawValue: String
    package init(rawValue: String) { self.rawValue = rawValue }
}

/// `ch_...` (or `py_...` for methods that are not cards)
package struct ChargeID: TextID {
    package let rawValue: String
    package init(rawValue: String) { self.rawValue = rawValue }
}

/// `dp_...` (older accounts: `du_...`)
package struct DisputeID: TextID {
    package let rawValue: String
    package init(rawValue: String) { self.rawValue = rawValue }
}

/// `re_...`
package struct RefundID: TextID {
    package let rawValue: String
    package init(rawValue: String) { self.rawValue = rawValue }
}

/// `po_...`
package struct PayoutID: TextID {
    package let rawValue: String
    package init(rawValue: String) { self.rawValue = rawValue }
}

/// `txn_...`: one movement of the Stripe account's balance.
package struct BalanceTransactionID: TextID {
    package let rawValue: String
    package init(rawValue: String) { self.rawValue = rawValue }
}

/// The number of a document in Visma: a payment, refund, credit note, cash transaction or journal. Unique within its
/// type.
package struct VismaNumber: TextID {
    package let rawValue: String
    package init(rawValue: String) { self.rawValue = rawValue }
}

/// A customer's number in Visma. It can be changed by a person; `VismaCustomer.internalID` cannot.
package struct VismaCustomerNumber: TextID {
    package let rawValue: String
    package init(rawValue: String) { self.rawValue = rawValue }
}

/// The key of one outside effect: `tenant/document/revision/step/cause/attempt` (see `EffectKey.make`).
package struct EffectKey: TextID {
    package let rawValue: String
    package init(rawValue: String) { self.rawValue = rawValue }

    package static func make(
        tenant: TenantID, subject: Subject, revision: Int, step: String, cause: String, attempt: Int
    ) -> EffectKey {
        EffectKey("\(tenant)/\(subject.key)/\(revision)/\(step)/\(cause)/\(attempt)")
    }
}
