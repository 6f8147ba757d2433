package import Domain
import Foundation
package import Outbound

/// What the journal keeps of an outside write until it is settled: the call to the byte, and the facts that its
/// outcome turns into rows, so that a process that knows nothing else can finish what another began. Sealed, as it
/// holds names and addresses.
package struct JournaledRequest: Hashable, Sendable, Codable {
    package var call: OutboundCall
    /// What an invoice asks for, or what a payment books.
    package var amount: Money?
    package var applied: Money?
    /// Posted on a payment as finance charges.
    package var fee: Money?
    /// What a posting is found again by: `pi_...`, `re_...`, ...
    package var reference: String?
    /// Of a posting in Visma.
    package var kind: Booking.Kind?
    package var visma: VismaParty?
    /// A payment's or record's own name on the other side: payment number, file name, marked text.
    package var target: String?
    /// The document that a payment or refund is applied to.
    package var document: DocumentRef?
    /// Settlements in Visma that Stripe learns of by this.
    package var settled: [Settlement]?
    package var voidedFor: Booking.VoidReason?
    package var isOnHold: Bool?
    /// Whether a record was written on an open invoice.
    package var isDocumentOpen: Bool?

    package init(
        call: OutboundCall, amount: Money? = nil, applied: Money? = nil, fee: Money? = nil, reference: String? = nil,
        kind: Booking.Kind? = nil, visma: VismaParty? = nil, target: String? = nil, document: DocumentRef? = nil,
        settled: [Settlement]? = nil, voidedFor: Booking.VoidReason? = nil, isOnHold: Bool? = nil,
        isDocumentOpen: Bool? = nil
    ) {
        self.call = call
        self.amount = amount
        self.applied = applied
        self.fee = fee
        self.reference = reference
        self.kind = kind
        self.visma = visma
        self.target = target
        self.document = document
        self.settled = settled
        self.voidedFor = voidedFor
        self.isOnHold = isOnHold
        self.isDocumentOpen = isDocumentOpen
    }

    package struct VismaParty: Hashable, Sendable, Codable {
        package var internalID: Int
        package var number: VismaCustomerNumber
        package init(internalID: Int, number: VismaCustomerNumber) {
            self.internalID = internalID
            self.number = number
        }
    }

    func encoded() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        return Array(try encoder.encode(self))
    }

    init(decoding bytes: [UInt8]) throws {
        self = try JSONDecoder().decode(JournaledRequest.self, from: Data(bytes))
    }
}

/// What an outside write answered, understood.
package enum Answer: Hashable, Sendable {
    case customer(StripeCustomerID)
    case collection(Collection)
    case deleted
    /// `pr_...`
    case paymentRecord(String)
    case creditNote(String)
    case posted(Booking.Kind, VismaNumber)
    case releaseAccepted
    case voidAccepted
    /// An unreleased document of ours is gone.
    case discarded
    case recordWritten
    case dunningSet
    case endpoint(id: String, sealedSecret: [UInt8])

    /// The id under which the other side knows what was made.
    var externalID: String? {
        switch self {
        case .customer(let id): id.rawValue
        case .collection(let collection): collection.invoice.rawValue
        case .paymentRecord(let id), .creditNote(let id), .endpoint(let id, _): id
        case .posted(_, let number): number.rawValue
        case .deleted, .releaseAccepted, .voidAccepted, .discarded, .recordWritten, .dunningSet: nil
        }
    }
}
