import Foundation

/// What an accountant does in the simulated Visma.net, as actions of the control API under `visma/`. One company's
/// books. Amounts are decimal texts in the document's currency; each action answers the numbers that Visma gave.
package struct SandboxBookkeeper: Sendable {
    static let prefix = "visma/"
    /// Invoices are due this many days after they were written.
    static let creditDays = 14

    private let visma: VismaSimulator
    private let tenant: String
    private let clock: SandboxClock

    /// - Parameter tenant: Visma's tenant id of the company.
    package init(visma: VismaSimulator, tenant: String, clock: SandboxClock) {
        self.visma = visma
        self.tenant = tenant
        self.clock = clock
    }

    /// What the bodies can say; each action uses its part.
    private struct Order: Decodable {
        /// What one payment pays of one invoice.
        struct Use: Decodable {
            var invoice: String
            var amount: String
            var write_off: String?
            var cash_discount: String?
        }

        var name: String?
        var email: String?
        /// The customer's number, and the new one when it is renumbered.
        var customer: String?
        var number: String?
        /// What is to be paid, VAT included.
        var total: String?
        var invoice: String?
        var invoices: [Use]?
        var credit_note: String?
        var payment: String?
        /// `Payment`, `Refund` or `SmallBalanceWo`, where a number alone could mean two.
        var type: String?
        var amount: String?
        var text: String?
        var reference: String?
        /// `yyyy-MM-dd`; absent: today.
        var date: String?
        var cash_account: String?
        /// Enters the payment without releasing it.
        var hold: Bool?
        /// `202611`.
        var period: String?
        var exclude_debt_collection: Bool?
        var debt_collection_case: String?
        var direct_debit_mandate: String?
        var payment_method: String?
        var send_to_auto_invoice: Bool?
    }

    struct Refusal: Error {
        var text: String
    }

    /// Throws a `Refusal` that names the field, or what JSON's decoder says.
    func carryOut(_ action: String, _ body: [UInt8]) throws -> StripeJSON {
        let order = try JSONDecoder().decode(Order.self, from: Data(body))
        let name = String(action.dropFirst(Self.prefix.count))
        do {
            let answer = try documents(name, order) ?? money(name, order) ?? company(name, order)
            guard let answer else { throw Refusal(text: "unknown action '\(action)'") }
            return answer
        } catch let error as VismaSeedError {
            throw Refusal(text: error.description)
        } catch let error as MissingField {
            throw Refusal(text: "\(action) needs the field '\(error.name)'")
        }
    }

    private struct MissingField: Error {
        var name: String
    }

    private func need<Value>(_ value: Value?, _ name: String) throws -> Value {
        guard let value else { throw MissingField(name: name) }
        return value
    }

    /// `invoice` makes a released one of one line with 25 % VAT included.
    private func documents(_ action: String, _ order: Order) throws -> StripeJSON? {
        switch action {
        case "invoice":
            let seed = invoice(try need(order.customer, "customer"), try need(order.total, "total"))
            return ["invoice": .string(try visma.addInvoice(seed, in: tenant))]
        case "invoice/reverse":
            let note = try visma.reverseInvoice(try need(order.invoice, "invoice"), in: tenant)
            return ["credit_note": .string(note)]
        case "invoice/correct":
            let seed = invoice(try need(order.customer, "customer"), try need(order.total, "total"))
            let made = try visma.correctInvoice(try need(order.invoice, "invoice"), with: seed, in: tenant)
            return ["credit_note": .string(made.creditNote), "invoice": .string(made.invoice)]
        case "invoice/write-off":
            let invoice = try need(order.invoice, "invoice")
            return ["payment": .string(try visma.writeOff(invoice, amount: order.amount, in: tenant))]
        case "invoice/mark":
            try visma.changeMarks(of: try need(order.invoice, "invoice"), in: tenant) { marks in
                marks.excludeDebtCollection = order.exclude_debt_collection ?? marks.excludeDebtCollection
                marks.debtCollectionCase = order.debt_collection_case ?? marks.debtCollectionCase
                marks.directDebitMandate = order.direct_debit_mandate ?? marks.directDebitMandate
                marks.paymentMethod = order.payment_method ?? marks.paymentMethod
                marks.sendToAutoInvoice = order.send_to_auto_invoice ?? marks.sendToAutoInvoice
            }
            return ["marked": .bool(true)]
        case "credit-note":
            let note = try visma.creditInvoice(
                try need(order.invoice, "invoice"), amount: order.amount, text: order.text, in: tenant)
            return ["credit_note": .string(note)]
        case "credit-note/apply":
            try visma.applyCreditNote(
                try need(order.credit_note, "credit_note"), to: try need(order.invoice, "invoice"),
                amount: try need(order.amount, "amount"), in: tenant)
            return ["applied": .bool(true)]
        default: return nil
        }
    }

    private func invoice(_ customer: String, _ total: String) -> VismaInvoiceSeed {
        let today = VismaTime.date(VismaTime.local(clock.now(), offsetMinutes: 0))
        return VismaInvoiceSeed(
            customer: customer, date: today, dueDate: VismaTime.adding(days: Self.creditDays, to: today),
            lines: [.init("Work", unitPrice: total)], pricesIncludeVAT: true)
    }

    private func money(_ action: String, _ order: Order) throws -> StripeJSON? {
        switch action {
        case "pay": return ["payment": .string(try pay(order))]
        case "payment/apply":
            try visma.applyPayment(
                try need(order.payment, "payment"), to: try need(order.invoice, "invoice"),
                amount: try need(order.amount, "amount"), in: tenant)
            return ["applied": .bool(true)]
        case "payment/release":
            try visma.releasePayment(try need(order.payment, "payment"), type: order.type, in: tenant)
            return ["released": .bool(true)]
        case "payment/void":
            try visma.voidPayment(try need(order.payment, "payment"), type: order.type, in: tenant)
            return ["voided": .bool(true)]
        case "payment/delete":
            try visma.deletePayment(try need(order.payment, "payment"), type: order.type, in: tenant)
            return ["deleted": .bool(true)]
        case "refund":
            let number = try need(order.credit_note ?? order.payment, "credit_note")
            let refund = try visma.addRefund(
                of: number, type: order.credit_note == nil ? "Payment" : "CreditNote",
                amount: try need(order.amount, "amount"), reference: order.reference ?? "BANK", date: order.date,
                cashAccount: order.cash_account, isReleased: !(order.hold ?? false), in: tenant)
            return ["refund": .string(refund)]
        default: return nil
        }
    }

    /// Either `invoice` with an amount that may be more than its balance, or `invoices` with what each gets.
    private func pay(_ order: Order) throws -> String {
        let reference = order.reference ?? "BANK"
        guard let invoices = order.invoices else {
            return try visma.applyOutsidePayment(
                to: try need(order.invoice, "invoice"), amount: try need(order.amount, "amount"), date: order.date,
                reference: reference, cashAccount: order.cash_account, in: tenant)
        }
        let uses = invoices.map {
            VismaSimulator.PaymentUse(
                $0.invoice, amount: $0.amount, writeOff: $0.write_off ?? "0", cashDiscount: $0.cash_discount ?? "0")
        }
        return try visma.addPayment(
            on: uses, amount: order.amount, date: order.date, reference: reference, cashAccount: order.cash_account,
            isReleased: !(order.hold ?? false), in: tenant)
    }

    private func company(_ action: String, _ order: Order) throws -> StripeJSON? {
        switch action {
        case "customer":
            let seed = VismaCustomerSeed(name: try need(order.name, "name"), invoiceEmail: order.email)
            return ["customer": .string(try visma.addCustomer(seed, in: tenant))]
        case "customer/change":
            let customer = try need(order.customer, "customer")
            try visma.changeCustomer(customer, in: tenant) { seed in
                seed.name = order.name ?? seed.name
                seed.invoiceEmail = order.email ?? seed.invoiceEmail
                seed.number = order.number ?? seed.number
            }
            return ["customer": .string(order.number ?? customer)]
        case "period/close", "period/open":
            let period = try need(order.period, "period")
            try visma.setPeriod(period, isClosed: action == "period/close", in: tenant)
            return ["period": .string(period)]
        default: return nil
        }
    }
}
