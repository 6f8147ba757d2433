import Domain
import Foundation
import Sandbox

/// What concerns no single document's money: customers, periods and how documents are collected.
extension People {
    static let closers = [
        Habit(name: "renames a customer", weight: 1) { try $0.rename($1, $2) },
        Habit(name: "closes or opens a period", weight: 2) { try $0.closeOrOpen($1, $2) },
        Habit(name: "marks for the debt collector", weight: 1) { try $0.markForDebtCollector($1, $2) },
        Habit(name: "stops or resumes reminders", weight: 1) { try $0.stopReminders($1, $2) },
    ]

    private mutating func rename(_ company: World.Company, _ world: World) throws -> String? {
        let documents = world.vismaRows("document", in: company)
        guard let customer = pick(documents)?.value(of: "customer"), !customer.isEmpty else { return nil }
        let other = isOne(in: 2) ? "\(customer)9" : customer
        try world.visma.changeCustomer(customer, in: company.vismaTenant) { seed in
            seed.number = other
            seed.name += " AS"
        }
        return "\(customer) is \(other)"
    }

    /// This month, or the one before.
    private mutating func closeOrOpen(_ company: World.Company, _ world: World) throws -> String? {
        let month = world.now().day(in: .gmt).adding(days: isOne(in: 2) ? 0 : -30).description
        let period = month.prefix(4) + month.dropFirst(5).prefix(2)
        let isClosed = isOne(in: 2)
        try world.visma.setPeriod(String(period), isClosed: isClosed, in: company.vismaTenant)
        return "\(period) \(isClosed ? "closed" : "open")"
    }

    private mutating func markForDebtCollector(_ company: World.Company, _ world: World) throws -> String? {
        guard let number = pick(Self.openDocuments(company, world))?.value(of: "number") else { return nil }
        try world.visma.changeMarks(of: number, in: company.vismaTenant) { marks in
            marks.debtCollectionCase = marks.debtCollectionCase == nil ? "77" : nil
        }
        return number
    }

    private mutating func stopReminders(_ company: World.Company, _ world: World) throws -> String? {
        guard let number = pick(Self.openDocuments(company, world))?.value(of: "number") else { return nil }
        let isStopped = isOne(in: 2)
        try world.visma.setExcludeDebtCollection(isStopped, of: number, in: company.vismaTenant)
        return "\(number) \(isStopped)"
    }

    /// Everything can be posted again.
    package func openPeriods(in world: World) throws {
        for company in world.companies {
            try world.visma.changeBehaviour(of: company.vismaTenant) { $0.closedPeriods = [] }
        }
    }
}
