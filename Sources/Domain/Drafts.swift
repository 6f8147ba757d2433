package import Foundation

/// A Stripe invoice to be made: everything that `POST /v1/invoices` takes from us.
package struct InvoiceDraft: Hashable, Sendable {
    package var customer: StripeCustomerID
    package var currency: Currency
    package var dueAt: Timestamp
    package var effectiveAt: Timestamp
    /// At most 26 characters, unique in the account.
    package var number: String
    package var memo: String?
    package var footer: String?
    /// Name and value, at most four; 40 and 140 characters.
    package var customFields: [CustomField]
    package var metadata: [String: String]

    package init(
        customer: StripeCustomerID, currency: Currency, dueAt: Timestamp, effectiveAt: Timestamp, number: String,
        memo: String?, footer: String? = nil, customFields: [CustomField], metadata: [String: String]
    ) {
        self.customer = customer
        self.currency = currency
        self.dueAt = dueAt
        self.effectiveAt = effectiveAt
        self.number = number
        self.memo = memo
        self.footer = footer
        self.customFields = customFields
        self.metadata = metadata
    }

    package struct CustomField: Hashable, Sendable {
        package var name: String
        package var value: String
        package init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }
}

/// One line of a Stripe invoice with its tax as the books have it: nothing is left for Stripe to compute or round.
package struct InvoiceLine: Hashable, Sendable {
    package var description: String
    /// Minor units, may be negative; inclusive of the inclusive taxes below.
    package var amount: Money
    package var taxes: [Tax]

    package init(description: String, amount: Money, taxes: [Tax]) {
        self.description = description
        self.amount = amount
        self.taxes = taxes
    }

    package struct Tax: Hashable, Sendable {
        package var displayName: String
        /// Per cent.
        package var rate: Decimal
        package var isInclusive: Bool
        package var taxable: Money
        package var amount: Money
        /// Why there is no VAT, where the policy says it.
        package var treatment: VATTreatment?
        package init(
            displayName: String, rate: Decimal, isInclusive: Bool, taxable: Money, amount: Money,
            treatment: VATTreatment? = nil
        ) {
            self.displayName = displayName
            self.rate = rate
            self.isInclusive = isInclusive
            self.taxable = taxable
            self.amount = amount
            self.treatment = treatment
        }
    }
}

/// A Visma customer payment or refund to be made, unreleased: the body of `POST /v1/customerPayment`.
package struct PaymentDraft: Hashable, Sendable {
    package var customer: VismaCustomerNumber
    package var location: String?
    package var branch: String?
    package var paymentMethod: String
    package var cashAccount: String
    package var currency: Currency
    package var amount: Money
    /// Applied to the document; at most `amount`. Zero leaves the whole payment unapplied.
    package var applied: Money
    /// The invoice that is paid, or the credit note that is paid out.
    package var document: DocumentRef
    package var applicationDate: LocalDate
    /// `pi_...`: found again by this.
    package var reference: String
    /// At most 50 characters.
    package var text: String?
    package var isOnHold: Bool
    /// What Stripe kept of it.
    package var charges: [FinanceCharge]

    /// One fee on a payment, posted by the cash account's entry type.
    package struct FinanceCharge: Hashable, Sendable, Codable {
        package var entryType: String
        package var amount: Money
        package init(entryType: String, amount: Money) {
            self.entryType = entryType
            self.amount = amount
        }
    }

    package init(
        customer: VismaCustomerNumber, location: String?, branch: String?, paymentMethod: String, cashAccount: String,
        currency: Currency, amount: Money, applied: Money, document: DocumentRef, applicationDate: LocalDate,
        reference: String, text: String?, isOnHold: Bool,
        charges: [FinanceCharge] = []
    ) {
        self.customer = customer
        self.location = location
        self.branch = branch
        self.paymentMethod = paymentMethod
        self.cashAccount = cashAccount
        self.currency = currency
        self.amount = amount
        self.applied = applied
        self.document = document
        self.applicationDate = applicationDate
        self.reference = reference
        self.text = text
        self.isOnHold = isOnHold
        self.charges = charges
    }
}

/// A Stripe customer to be made from a Visma one.
package struct CustomerDraft: Hashable, Sendable {
    package var name: String
    package var email: String?
    package var phone: String?
    package var address: VismaCustomer.Address?
    package var description: String?
    /// Of what Stripe sends and shows: a locale like `nb`.
    package var language: String?
    package var metadata: [String: String]

    package init(
        name: String, email: String?, phone: String?, address: VismaCustomer.Address?, description: String?,
        language: String? = nil, metadata: [String: String]
    ) {
        self.name = name
        self.email = email
        self.phone = phone
        self.address = address
        self.description = description
        self.language = language
        self.metadata = metadata
    }
}
