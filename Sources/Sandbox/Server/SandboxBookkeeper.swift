import Foundation

/// What an accountant does in the simulated Visma.net, as actions of the control API: `visma/customer` makes a
/// customer, `visma/invoice` a released invoice of one line with 25 % VAT included. One company's books.
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

    private struct Order: Decodable {
        var name: String?
        var email: String?
        /// The customer's number.
        var customer: String?
        /// What is to be paid, VAT included: a decimal text in the company's currency.
        var total: String?
    }

    struct Refusal: Error {
        var text: String
    }

    /// Answers the number that Visma gave. Throws a `Refusal` that names the field, or what JSON's decoder says.
    func carryOut(_ action: String, _ body: [UInt8]) throws -> StripeJSON {
        let order = try JSONDecoder().decode(Order.self, from: Data(body))
        func need(_ value: String?, _ name: String) throws -> String {
            guard let value else { throw Refusal(text: "\(action) needs the field '\(name)'") }
            return value
        }
        do {
            switch action {
            case Self.prefix + "customer":
                let seed = VismaCustomerSeed(name: try need(order.name, "name"), invoiceEmail: order.email)
                return ["customer": .string(try visma.addCustomer(seed, in: tenant))]
            case Self.prefix + "invoice":
                let today = VismaTime.date(VismaTime.local(clock.now(), offsetMinutes: 0))
                let seed = VismaInvoiceSeed(
                    customer: try need(order.customer, "customer"), date: today,
                    dueDate: VismaTime.adding(days: Self.creditDays, to: today),
                    lines: [.init("Work", unitPrice: try need(order.total, "total"))], pricesIncludeVAT: true)
                return ["invoice": .string(try visma.addInvoice(seed, in: tenant))]
            default:
                throw Refusal(text: "unknown action '\(action)'")
            }
        } catch let error as VismaSeedError {
            throw Refusal(text: error.description)
        }
    }
}
