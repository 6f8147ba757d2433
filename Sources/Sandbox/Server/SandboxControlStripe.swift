/// The control API's actions on the simulated Stripe, by name. Each is a POST to `/_sandbox/` and the name.
enum SandboxDeeds {
    typealias Deed = @Sendable (SandboxTask) throws -> StripeJSON

    static let all: [String: Deed] = payments.merging(refunds) { $1 }.merging(disputes) { $1 }.merging(office) { $1 }

    private static let done: StripeJSON = ["done": .bool(true)]

    private static func json(_ made: StripePaymentMade) -> StripeJSON {
        [
            "charge": .string(made.charge), "payment_intent": .string(made.paymentIntent),
            "invoice_payment": .string(made.invoicePayment),
        ]
    }

    private static let payments: [String: Deed] = [
        "pay": { json(try $0.stripe.pay(invoice: $0.invoice(), amount: $0.order.amount)) },
        "pay/start": { task in
            let method = task.order.method ?? "sepa_debit"
            return json(
                try task.stripe.startPayment(invoice: task.invoice(), amount: task.order.amount, method: method))
        },
        "pay/finish": { ["charge": .string(try $0.stripe.finishPayment($0.intent()))] },
        "pay/fail": { task in
            let charge = try task.stripe.failPayment(
                task.intent(), code: task.order.code ?? "insufficient_funds",
                message: task.order.message ?? "The account has too little money.",
                declineCode: task.order.decline_code)
            return ["charge": .string(charge)]
        },
        "pay/cancel": { task in
            try task.stripe.cancelPayment(task.intent())
            return done
        },
        "pay/action": { ["payment_intent": .string(try $0.stripe.requireAction(invoice: $0.invoice()))] },
        "pay/transfer": { json(try $0.stripe.transfer(invoice: $0.invoice(), amount: $0.amount())) },
        "pay/together": { task in
            let parts = try task.need(\.invoices, "invoices").map {
                StripePaymentPart(invoice: $0.invoice, amount: $0.amount)
            }
            return json(
                try task.stripe.pay(
                    together: parts, received: task.order.amount, isPending: task.order.pending ?? false))
        },
        "pay/unattached": { task in
            let customer = try task.need(\.customer, "customer")
            return json(
                try task.stripe.payUnattached(
                    customer: customer, currency: task.currency(), amount: task.amount()))
        },
        "fail": { task in
            let failed = try task.stripe.failCard(
                invoice: task.invoice(), code: task.order.code ?? "card_declined",
                message: task.order.message ?? "Your card was declined.",
                declineCode: task.order.decline_code ?? "generic_decline")
            return ["charge": .string(failed)]
        },
    ]

    private static let refunds: [String: Deed] = [
        "refund": { task in
            let refund = try task.stripe.refund(
                charge: task.charge(), amount: task.order.amount, reason: task.order.reason,
                isPending: task.order.pending ?? false)
            return ["refund": .string(refund)]
        },
        "refund/finish": { task in
            try task.stripe.finishRefund(task.refund())
            return done
        },
        "refund/fail": { task in
            try task.stripe.failRefund(task.refund(), reason: task.order.reason ?? "expired_or_canceled_card")
            return done
        },
        "refund/cancel": { task in
            try task.stripe.cancelRefund(task.refund())
            return done
        },
    ]

    private static let openings: [String: StripeDisputeOpening] = [
        "withdrawn": .withdrawn, "not_yet_withdrawn": .notYetWithdrawn, "inquiry": .inquiry, "prevented": .prevented,
    ]

    private static let disputes: [String: Deed] = [
        "dispute": { task in
            guard let opening = openings[task.order.opening ?? "withdrawn"] else {
                let names = openings.keys.sorted().joined(separator: ", ")
                throw SandboxControl.Refusal(text: "'opening' must be one of \(names)")
            }
            let dispute = try task.stripe.dispute(
                charge: task.charge(), reason: task.order.reason ?? "fraudulent", amount: task.order.amount,
                opening: opening)
            return ["dispute": .string(dispute)]
        },
        "dispute/withdraw": { task in
            try task.stripe.withdrawDispute(task.dispute())
            return done
        },
        "dispute/reinstate": { task in
            try task.stripe.reinstateDispute(task.dispute())
            return done
        },
        "dispute/answer": { task in
            try task.stripe.answerDispute(task.dispute())
            return done
        },
        "dispute/deadline": { task in
            try task.stripe.moveDisputeDeadline(task.dispute(), to: task.need(\.seconds, "seconds"))
            return done
        },
        "dispute/appeal": { task in
            try task.stripe.appealDispute(task.dispute())
            return done
        },
        "dispute/close": { task in
            try task.stripe.closeDispute(task.dispute(), isWon: task.need(\.won, "won"))
            return done
        },
    ]

    private static let office: [String: Deed] = [
        "payout": { task in
            let payout = try task.stripe.payOut(
                account: task.account(), currency: task.currency(), manually: task.order.amount)
            return ["payout": .string(payout)]
        },
        "payout/finish": { task in
            try task.stripe.finishPayout(task.need(\.payout, "payout"))
            return done
        },
        "payout/fail": { task in
            try task.stripe.failPayout(
                task.need(\.payout, "payout"), code: task.order.code ?? "account_closed",
                message: task.order.message ?? "The bank account has been closed.")
            return done
        },
        "fee": { task in
            let fee = try task.stripe.takeFee(
                account: task.account(), currency: task.currency(), amount: task.amount(),
                because: task.order.message ?? "Billing (monthly)")
            return ["balance_transaction": .string(fee)]
        },
        "coupon": { task in
            try task.stripe.grantCoupon(
                customer: task.need(\.customer, "customer"), percentOff: task.need(\.percent, "percent"))
            return done
        },
        "endpoint/thin": { task in
            try task.stripe.setThin(endpoint: task.need(\.endpoint, "endpoint"), task.order.thin ?? true)
            return done
        },
        "dashboard": { task in
            let parameters = (task.order.parameters ?? [:]).sorted { $0.key < $1.key }
            return try task.stripe.byHand(
                account: task.account(), task.need(\.method, "method"), task.need(\.path, "path"),
                parameters.map { (name: $0.key, value: $0.value) })
        },
        "settings": settings,
    ]

    /// Changes what is named; `currency`, `settles_in` and `rate_millionths` together make a conversion.
    private static let settings: Deed = { task in
        let order = task.order
        let isKnown = task.stripe.change(account: try task.account()) { settings in
            settings.automaticTaxByDefault = order.automatic_tax_by_default ?? settings.automaticTaxByDefault
            settings.feesKnownAfterSeconds = order.fees_known_after_seconds ?? settings.feesKnownAfterSeconds
            settings.availableAfterSeconds = order.available_after_seconds ?? settings.availableAfterSeconds
            if let currency = order.currency, let target = order.settles_in, let rate = order.rate_millionths {
                settings.conversions[currency] = StripeConversion(to: target, rateMillionths: rate)
            }
        }
        guard isKnown else { throw SandboxControl.Refusal(text: "no such account") }
        return done
    }
}
