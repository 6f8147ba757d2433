/// What the two simulators' books disagree about. `ops/drift.py` computes the same from the written files; neither
/// looks at the connector's own tables.
package struct DriftReport: Sendable {
    package struct Difference: Sendable, Hashable {
        package var vismaTenant: String
        /// `Invoice:000101` or `payout/po_1`; nil when none can be named.
        package var document: String?
        package var what: String
    }

    package struct Apart: Sendable, Hashable {
        package var subject: BookApart
        /// The document's open amount, such as `1250.00 NOK`; nil when the books have no such document.
        package var amount: String?
    }

    /// What counts.
    package var differences: [Difference] = []
    /// What concerns subjects that are listed apart, and does not count.
    package var differencesApart: [Difference] = []
    package var apart: [Apart] = []
    /// How much was compared: a report over nothing shows itself.
    package var documentsCompared = 0
    package var invoicesCompared = 0
    package var paymentsCompared = 0
    package var balanceMovementsCompared = 0

    package var drift: Int { differences.count }
}

package enum Drift {
    /// Compares pair by pair; rows of companies and accounts that are in no pair are left out.
    package static func compute(
        visma: [SandboxJSON], stripe: [SandboxJSON], pairs: [BookPair], apart: [BookApart]
    ) -> DriftReport {
        var report = DriftReport()
        let apartKeys = Set(apart.map { $0.vismaTenant + " " + $0.document })
        var found: [DriftReport.Difference] = []
        for pair in pairs {
            var comparison = PairComparison(pair: pair, pairs: pairs, visma: visma, stripe: stripe)
            comparison.compare()
            found += comparison.differences
            let books = comparison.books
            report.documentsCompared += books.documents.count
            report.invoicesCompared += books.invoices.count
            report.paymentsCompared += books["invoice_payment"].count
            report.balanceMovementsCompared += books["balance_transaction"].count
            for subject in apart where subject.vismaTenant == pair.vismaTenant {
                let document = books.documents[subject.document]
                report.apart.append(
                    .init(subject: subject, amount: document.map { "\($0.balance) \($0.currency)" }))
            }
        }
        for difference in found {
            if let document = difference.document, apartKeys.contains(difference.vismaTenant + " " + document) {
                report.differencesApart.append(difference)
            } else {
                report.differences.append(difference)
            }
        }
        return report
    }
}
