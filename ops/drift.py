#!/usr/bin/env python3
"""Recompute the drift between two sets of books.

    drift.py DIR

DIR holds four files of JSON Lines, as `ml-connector demo --books DIR` writes them. Nothing of the connector's own
tables is read. The last line is `drift N`; the exit status is 0 only when N is 0 (1: there is drift, 2: the files
cannot be read). Standard library only; amounts are exact. Visma's amounts are decimal texts, Stripe's are integers of
minor units.

visma.jsonl, each row with `visma_tenant` and `kind`:
  document          type, number, status, released, currency, total, balance, date, customer, external_reference, note,
                    attachments [text], applications [type, number, amount] (of a credit note)
  payment           type (Payment, Prepayment, Refund, SmallBalanceWo, Void...), number, status, reference, currency,
                    amount, cash_account, customer, text, charges [amount],
                    applications [type, number, amount, cash_discount, write_off]
  cash_transaction  type, number, released, reference, cash_account, direction, currency, amount
  journal           type, number, released, text, currency, amount, lines [account, reference, text, debit, credit]
stripe.jsonl, each row with `account`, `kind` and `id`:
  invoice           status, currency, customer, total, amount_due, amount_paid, amount_remaining, amount_overpaid,
                    amount_paid_off_stripe, pre_payment_credit, post_payment_credit, starting_balance, metadata
  invoice_payment   invoice, status, amount_paid, amount_overpaid, currency, payment_intent or payment_record
  charge            payment_intent, status, amount, currency
  refund, dispute   charge, payment_intent, status, amount, currency
  credit_note       invoice, status, currency, amount, pre_payment_amount, post_payment_amount, metadata
  payment_record    amount_guaranteed, currency, reference, metadata
  balance_transaction  type, source, amount, fee, net, currency, payout
  payout            status, amount, currency
  customer_balance  currency, balance (negative: the customer's credit); its id is the customer's
  balance           is not compared
pairs.jsonl: visma_tenant, stripe_account, start_date, and what the company books: holds, posts_fees, posts_disputes,
  posts_payouts, cash_accounts {currency: [number]}, bank_accounts {currency: ledger account}, exchange_account
apart.jsonl: visma_tenant, document (`Invoice:000123` or `payout/po_1`), reason: its differences are shown, not counted
"""
import json
import os
import re
import sys
from collections import Counter, defaultdict
from decimal import Decimal, InvalidOperation

ZERO_DECIMAL = set("bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf".split())
THREE_DECIMAL = set("bhd jod kwd omr tnd".split())
RELEASED = ("Open", "Closed")
PAYMENTS = ("Payment", "Prepayment")
SETTLING = PAYMENTS + ("SmallBalanceWo", "SmallCreditWo")


def exponent(currency):
    """Places of Stripe's integer amounts, which are not always ISO's."""
    code = currency.lower()
    return 0 if code in ZERO_DECIMAL else 3 if code in THREE_DECIMAL else 2


def minor(text, currency):
    """Minor units of a decimal text; None when it is not a whole number of them."""
    try:
        scaled = Decimal(text).scaleb(exponent(currency))
    except (InvalidOperation, TypeError, ValueError):
        return None
    return int(scaled) if scaled.is_finite() and scaled == scaled.to_integral_value() else None


def money(amount, currency):
    """`1250.00 NOK`, as it must stand on a document's record."""
    if not isinstance(amount, int):
        return "? " + currency.upper()
    return f"{Decimal(amount).scaleb(-exponent(currency)):f} {currency.upper()}"


def key(row):
    return f"{row.get('type')}:{row.get('number')}"


def meta(row, name):
    return ((row or {}).get("metadata") or {}).get(name)


def means(row):
    """What a Visma payment names as its reference; None for money that did not pass through Stripe."""
    return row.get("payment_intent") or row.get("charge") or None


def is_stripes(payment):
    """A reference of Stripe's, as the connector sets it."""
    return (payment["reference"] or "")[:3] in ("pi_", "py_", "ch_")


def received(row):
    """What an invoice payment brought, with what came beyond the invoice."""
    return (row["amount_paid"] or 0) + row.get("amount_overpaid", 0)


def settled(use, currency):
    """All that an application takes off a document: money, cash discount, write-off."""
    parts = [minor(use[name], currency) for name in ("amount", "cash_discount", "write_off") if name in use]
    return None if None in parts else sum(parts)


def applied(payment, name):
    parts = [minor(u["amount"], payment["currency"]) for u in payment["applications"] if key(u) == name]
    return None if None in parts else sum(parts)


def fact_of(entry):
    """What a cash transaction books: `dp_1` of `dp_1+2`, the second one of a dispute."""
    return (entry.get("reference") or "").split("+")[0]


def read(directory, name):
    with open(os.path.join(directory, name), encoding="utf-8") as file:
        return [json.loads(line, parse_float=Decimal) for line in file if line.strip()]


class Pair:
    """One company's books against one Stripe account's."""

    KINDS = {"invoice", "invoice_payment", "charge", "refund", "dispute", "credit_note", "payment_record",
             "balance_transaction", "payout", "customer_balance"}

    def __init__(self, pair, pairs, visma, stripe):
        self.tenant, self.account = pair["visma_tenant"], pair["stripe_account"]
        self.start, self.holds = pair["start_date"], bool(pair.get("holds"))
        self.posts = {what: bool(pair.get("posts_" + what)) for what in ("fees", "disputes", "payouts")}
        self.cash, self.banks = pair.get("cash_accounts") or {}, pair.get("bank_accounts") or {}
        self.exchange_account = pair.get("exchange_account")
        self.sharing = [p for p in pairs if p["stripe_account"] == self.account]
        self.is_first = self.sharing[0] is pair
        self.found = []
        mine = self.once([r for r in visma if r["visma_tenant"] == self.tenant], lambda r: (r["kind"], key(r)), key)
        rows = self.by_kind(mine, {"document", "payment", "cash_transaction", "journal"}, "Visma")
        self.documents = {key(r): r for r in rows["document"]}
        self.payments, self.entries, self.journals = rows["payment"], rows["cash_transaction"], rows["journal"]
        self.sort_stripe([r for r in stripe if r["account"] == self.account])
        self.booked, self.taken_back, self.owed = {}, {}, Counter()

    def differ(self, document, what):
        self.found.append((self.tenant, document or None, what))

    def once(self, rows, identity, document):
        seen, kept = set(), []
        for row in rows:
            if identity(row) in seen:
                self.differ(document(row), f"the books have this {row['kind']} twice: {row.get('id') or key(row)}")
            else:
                seen.add(identity(row))
                kept.append(row)
        return kept

    def by_kind(self, rows, known, whose):
        kinds = defaultdict(list)
        for row in rows:
            kinds[row["kind"]].append(row)
            if row["kind"] not in known:
                self.differ(None, f"{whose}'s books have a row of unknown kind '{row['kind']}'")
        return kinds

    def sort_stripe(self, rows):
        """Every row is led to its invoice, and by it to its company."""
        companies = {p["visma_tenant"] for p in self.sharing}
        rows = [dict(r) for r in rows if r["kind"] != "balance"]
        self.known = {r["id"] for r in rows}
        # Of the whole account, whosever it is: a payout is of all companies that share it.
        self.moved = defaultdict(list)
        for row in rows:
            if row["kind"] == "balance_transaction":
                self.moved[row.get("payout") or ""].append(row)
        self.sources_of_money = {r["id"]: r for r in rows if r["kind"] in ("charge", "refund", "dispute")}
        invoices = {r["id"]: r for r in rows if r["kind"] == "invoice"}
        # A customer of several companies is the one's who was overpaid.
        order = sorted(invoices.values(), key=lambda r: (not r.get("amount_overpaid"), r["id"]), reverse=True)
        customers = {r.get("customer"): meta(r, "mlc_company") for r in order}
        paid_by = defaultdict(list)
        for row in rows:
            if row["kind"] == "invoice_payment" and row.get("payment_intent"):
                paid_by[row["payment_intent"]].append(row["invoice"])
        intents = {r["id"]: r.get("payment_intent") for r in rows if r["kind"] == "charge"}
        threads = {}
        for row in rows:
            if row["kind"] in ("invoice_payment", "charge", "refund", "dispute"):
                row["payment_intent"] = row.get("payment_intent") or intents.get(row.get("charge"))
                # Of several documents that one payment pays, the first answers for it.
                candidates = sorted((meta(invoices.get(i), "mlc_document") or "", i)
                                    for i in paid_by[row["payment_intent"]])
                row["invoice"] = row.get("invoice") or (candidates[0][1] if candidates else None)
                if row["kind"] != "invoice_payment":
                    threads[row["id"]] = row["invoice"]
        ours = []
        for row in rows:
            kind = row["kind"]
            if kind == "balance_transaction":
                row["invoice"] = threads.get(row.get("source"))
            owner = meta(row, "mlc_company") if kind in ("invoice", "payment_record") else (
                customers.get(row["id"]) if kind == "customer_balance"
                else meta(invoices.get(row.get("invoice")), "mlc_company"))
            if owner == self.tenant or (owner not in companies and self.is_first):
                ours.append(row)
        kept = self.once(ours, lambda r: (r["kind"], r["id"], r["currency"] if r["kind"] == "customer_balance" else ""),
                         lambda r: None)
        kinds = self.by_kind(kept, self.KINDS, "Stripe")
        self.invoices = {r["id"]: r for r in kinds["invoice"]}
        self.rows = {kind: sorted(found, key=lambda r: r["id"]) for kind, found in kinds.items()}

    # -- finding ------------------------------------------------------------------------------------------------

    def of(self, kind, **wanted):
        return [r for r in self.rows.get(kind, []) if all(r.get(name) == value for name, value in wanted.items())]

    def is_ours(self, invoice):
        return meta(invoice, "mlc_company") in (None, "", self.tenant)

    def is_collectable(self, document):
        return document["type"] == "Invoice" and document["released"] and document["date"] >= self.start

    def document_of(self, row):
        return meta(self.invoices.get(row.get("invoice")), "mlc_document") or None

    def document_of_means(self, name):
        return next((self.document_of(r) for r in self.of("invoice_payment") if means(r) == name), None)

    def standing(self):
        return sorted((r for r in self.invoices.values() if r["status"] not in ("void", "deleted")),
                      key=lambda r: r["id"])

    def is_foreign(self, row):
        """A charge without a payment intent has nothing to do with invoices."""
        return (not row.get("payment_intent") and not row.get("invoice")
                and any(c["id"] in (row["id"], row.get("charge")) for c in self.of("charge")))

    def is_clearing(self, row):
        accounts = self.cash.get(row["currency"].upper())
        return accounts is None or row.get("cash_account") in accounts

    def open_minor(self, name):
        balance = minor(self.documents[name]["balance"], self.documents[name]["currency"])
        return None if balance is None else balance - self.owed[name]

    # -- rules --------------------------------------------------------------------------------------------------

    def compare(self):
        self.payments_in()
        self.open_amounts()
        self.strays()
        self.visma_adds_up()
        for invoice in self.standing():
            self.stripe_adds_up(invoice)
        self.settlements()
        self.charged()
        self.refunds()
        self.disputes()
        self.fees()
        self.payouts()
        self.credits()
        self.records()
        return self.found

    def payments_in(self):
        mine = [p for p in self.payments if p["type"] in PAYMENTS and is_stripes(p)]
        pool = [p for p in mine if p["status"] != "Voided"]
        voided = [p for p in mine if p["status"] == "Voided"]
        paid = [r for r in self.of("invoice_payment", status="paid") if means(r)]

        def take(row, shelf, fits):
            match = next((p for p in shelf if p["reference"] == means(row) and fits(p)), None)
            if match is not None:
                shelf.remove(match)
            return match

        def applies(payment, name):
            return any(key(u) == name for u in payment["applications"])

        for row in paid:
            name = self.document_of(row)
            self.booked[row["id"]] = take(row, pool, lambda p: p["status"] in RELEASED and applies(p, name))
        for row in paid:
            if not self.booked[row["id"]]:
                self.booked[row["id"]] = (take(row, pool, lambda p: p["status"] in RELEASED and not p["applications"])
                                          or take(row, pool, lambda p: p["status"] in RELEASED)
                                          or take(row, pool, lambda p: True))
        for row in paid:
            name, payment = self.document_of(row), self.booked[row["id"]]
            if not payment:
                gone = take(row, voided, lambda p: applies(p, name)) or take(row, voided, lambda p: True)
                if gone and self.went_back(row):
                    self.taken_back[row["id"]] = row
                    self.owed[name] += applied(gone, name) or 0
            elif self.holds and payment["status"] not in RELEASED:
                self.owed[name] += applied(payment, name) or 0
        for row in paid:
            payment = self.booked[row["id"]]
            problem = self.booking_problem(row, payment)
            if problem:
                uses = payment["applications"] if payment else []
                self.differ(self.document_of(row) or (key(uses[0]) if uses else None), problem)
        for payment in pool:
            uses = payment["applications"]
            name = key(uses[0]) if uses else self.document_of_means(payment["reference"])
            self.differ(name, f"payment {payment['number']} ({payment['reference']}) has no Stripe payment of its own")

    def charges_of(self, row):
        intent = row["payment_intent"]
        return self.of("charge", payment_intent=intent) if intent else self.of("charge", id=row.get("charge"))

    def is_refunded(self, charge):
        refunded = sum(r["amount"] for r in self.of("refund", charge=charge["id"], status="succeeded"))
        return refunded >= charge["amount"]

    def went_back(self, row):
        """All of it is refunded, or lost in disputes."""
        for charge in self.charges_of(row):
            lost = sum(d["amount"] for d in self.of("dispute", charge=charge["id"], status="lost"))
            if charge["status"] == "succeeded" and (self.is_refunded(charge) or lost >= received(row)):
                return True
        return False

    def is_taken_back(self, charge):
        return any(c["id"] == charge for row in self.taken_back.values() for c in self.charges_of(row))

    def booking_problem(self, row, payment):
        name, amount = self.document_of(row), money(received(row), row["currency"])
        if name is None:
            return f"{row['id']} of {amount} belongs to no invoice of ours"
        if payment is None:
            return None if row["id"] in self.taken_back else f"{means(row)} of {amount} is not booked in Visma"
        label = f"payment {payment['number']} for {means(row)} of {amount}"
        if not self.is_booked(payment):
            return f"{label} is {payment['status']}, not released"
        if payment["currency"] != row["currency"].upper():
            return f"{label} is in {payment['currency']}"
        if minor(payment["amount"], payment["currency"]) != received(row):
            return f"{label} is of {payment['amount']}"
        if not self.is_clearing(payment):
            return f"{label} is on {payment['cash_account']}, which does not stand for Stripe"
        part = applied(payment, name)
        if part is None:
            return f"{label} has an amount that cannot be read"
        used_up = name in self.documents and self.open_minor(name) == 0
        if part > received(row) or (part < received(row) and not used_up):
            return f"{label} is applied with another amount"
        return None

    def is_booked(self, payment):
        return payment["status"] in RELEASED or (self.holds and payment["status"] in ("Hold", "Balanced"))

    def open_amounts(self):
        for name, document in sorted(self.documents.items()):
            if not self.is_collectable(document):
                continue
            currency, rest = document["currency"], self.open_minor(name)
            named = [r for r in self.standing() if meta(r, "mlc_document") == name and self.is_ours(r)]
            if rest == 0 and not named:
                continue
            good = ("open", "paid", "uncollectible") if rest == 0 else ("open", "paid")
            live = [r for r in named if r["status"] in good]
            said = money(rest, currency)
            if len(live) > 1:
                self.differ(name, f"{len(live)} live Stripe invoices")
            elif not live:
                if not any(r["status"] == "draft" for r in named):
                    self.differ(name, f"open {said}, but no live Stripe invoice")
            elif live[0]["currency"].upper() != currency:
                self.differ(name, f"{currency} in Visma, {live[0]['currency'].upper()} in {live[0]['id']}")
            elif live[0]["status"] != "uncollectible" and rest != live[0]["amount_remaining"]:
                there = money(live[0]["amount_remaining"], live[0]["currency"])
                self.differ(name, f"open {said} in Visma, {there} in {live[0]['id']}")

    def strays(self):
        for invoice in self.standing():
            name = meta(invoice, "mlc_document")
            document = self.documents.get(name)
            if document is None or not self.is_ours(invoice) or not self.is_collectable(document):
                self.differ(name, f"{invoice['id']} has no document in Visma")
            elif invoice["status"] == "draft":
                self.differ(name, f"{invoice['id']} is not finalized")

    def sources(self):
        """Whatever takes something off documents."""
        return [p for p in self.payments if p["status"] in RELEASED and p["type"] in SETTLING] + [
            d for d in self.documents.values() if d.get("applications")]

    def visma_adds_up(self):
        taken = Counter()
        for row in self.sources():
            for use in row["applications"]:
                taken[key(use)] += settled(use, row["currency"]) or 0
        for name, document in sorted(self.documents.items()):
            if document["type"] != "Invoice" or not document["released"]:
                continue
            total, balance = (minor(document[f], document["currency"]) for f in ("total", "balance"))
            if total is None or balance is None or total - balance != taken[name]:
                self.differ(name, "total less balance is not what was applied in Visma")

    def stripe_adds_up(self, invoice):
        name, label = meta(invoice, "mlc_document"), invoice["id"]
        total, due, paid, rest = (invoice.get(f) for f in ("total", "amount_due", "amount_paid", "amount_remaining"))
        if None in (total, due, paid, rest):
            self.differ(name, f"{label} lacks an amount")
            return
        rows = self.of("invoice_payment", invoice=label, status="paid")
        reported = sum(r["amount_paid"] for r in rows if not means(r))
        # What was marked as paid outside Stripe as a whole is no payment of its own.
        marked = invoice.get("amount_paid_off_stripe", 0) - reported
        told = sum(r["amount_paid"] for r in rows) + marked
        if marked < 0 or (marked and invoice["status"] != "paid") or told != paid:
            self.differ(name, f"{label}: payments are not what is paid")
        if sum(r.get("amount_overpaid", 0) for r in rows) != invoice.get("amount_overpaid", 0):
            self.differ(name, f"{label}: payments do not make up what came beyond it")
        if invoice.get("starting_balance"):
            self.differ(name, f"{label}: the customer's balance went into it")
        notes = self.of("credit_note", invoice=label, status="issued")
        if any(sum(n[f"{when}_payment_amount"] for n in notes) != invoice.get(f"{when}_payment_credit", 0)
               for when in ("pre", "post")):
            self.differ(name, f"{label}: credit notes do not make up what is credited")
        expected = total + invoice.get("starting_balance", 0) - invoice.get("pre_payment_credit", 0)
        off = (rest or paid != due) if invoice["status"] == "paid" else rest != max(0, due - paid)
        if invoice["status"] != "draft" and (off or due != expected):
            self.differ(name, f"{label}: what is due, paid and left does not add up")

    def settlements(self):
        """What settled documents without Stripe, and how Stripe was told of it."""
        ours = {key(p) for p in self.booked.values() if p}
        paid, credited = Counter(), Counter()
        for row in self.sources():
            for use in row["applications"]:
                whole = settled(use, row["currency"]) or 0
                if row["kind"] == "payment" and row["type"] in PAYMENTS:
                    mine = (minor(use["amount"], row["currency"]) or 0) if key(row) in ours else 0
                    paid[key(use)] += whole - mine
                else:
                    credited[key(use)] += whole
        for invoice in self.standing():
            name = meta(invoice, "mlc_document")
            document = self.documents.get(name)
            if (document is None or not self.is_collectable(document) or not self.is_ours(invoice)
                    or invoice["status"] == "draft"):
                continue
            if invoice.get("amount_paid_off_stripe", 0) > paid[name]:
                self.differ(name, f"{invoice['id']}: more is marked as paid outside Stripe than was paid in Visma")
            if invoice.get("pre_payment_credit", 0) > credited[name]:
                self.differ(name, f"{invoice['id']}: more is credited in Stripe than in Visma")
            whole = minor(document["total"], document["currency"])
            if whole is not None and invoice.get("total") is not None and invoice["total"] > whole:
                self.differ(name, f"{invoice['id']} asks for more than the document is of")
        for note in self.of("credit_note", status="issued"):
            if meta(note, "mlc_document") and meta(note, "mlc_document") != self.document_of(note):
                self.differ(self.document_of(note), f"credit note {note['id']} stands for {meta(note, 'mlc_document')}")
        for record in self.of("payment_record"):
            if meta(record, "mlc_document"):
                self.reported(record)
        for row in self.of("invoice_payment"):
            if row.get("payment_record") and row["payment_record"] not in self.known:
                self.differ(self.document_of(row), f"{row['id']} is of {row['payment_record']}, which Stripe has not")
        self.own_credit_notes()

    def reported(self, record):
        name, amount = meta(record, "mlc_document"), money(record["amount_guaranteed"], record["currency"])
        rows = self.of("invoice_payment", payment_record=record["id"], status="paid")
        if (sum(r["amount_paid"] for r in rows) != record["amount_guaranteed"]
                or any(self.document_of(r) != name for r in rows)):
            self.differ(name, f"payment record {record['id']} of {amount} is not on its invoice")
            return
        payment = next((p for p in self.payments if key(p) == record["reference"] and p["status"] in RELEASED), None)
        uses = [u for u in payment["applications"] if key(u) == name] if payment else []
        there = sum(settled(u, record["currency"]) or 0 for u in uses)
        if not payment or payment["currency"] != record["currency"].upper() or there < record["amount_guaranteed"]:
            self.differ(name, f"payment record {record['id']} of {amount}: Visma has no such {record['reference']}")

    def own_credit_notes(self):
        facts = {r["id"]: r for r in self.of("credit_note", status="issued") + self.of("refund")}
        made = defaultdict(list)
        for document in self.documents.values():
            if document["type"] == "CreditNote" and (document.get("external_reference") or "")[:3] in ("cn_", "re_"):
                made[document["external_reference"]].append(document)
        for reference, notes in sorted(made.items()):
            fact = facts.get(reference)
            if len(notes) > 1 or not fact or any(
                    minor(n["total"], n["currency"]) != fact["amount"] or n["currency"] != fact["currency"].upper()
                    for n in notes):
                self.differ(self.document_of(fact) if fact else None,
                            f"{len(notes)} credit notes stand for {reference}, or another")

    def charged(self):
        payments, charges = self.of("invoice_payment"), self.of("charge")
        for intent in sorted({r["payment_intent"] for r in charges + payments if r["payment_intent"]}):
            rows = [r for r in payments if r["payment_intent"] == intent]
            paid = [r for r in rows if r["status"] == "paid"]
            good = [r for r in charges if r["payment_intent"] == intent and r["status"] == "succeeded"]
            name = self.document_of_means(intent)
            if not rows and good:
                self.differ(None, f"the charge of {intent} belongs to no invoice")
            elif bool(paid) != bool(good):
                self.differ(name, f"{intent}: {len(good)} charges succeeded, {len(paid)} invoice payments are paid")
            elif (len({r["currency"] for r in paid + good}) > 1
                  or sum(received(r) for r in paid) != sum(r["amount"] for r in good)):
                self.differ(name, f"{intent}: charged and allocated amounts disagree")

    def refunds(self):
        pool = [p for p in self.payments if p["type"] == "Refund" and p["status"] != "Voided"]
        done = [r for r in self.of("refund", status="succeeded") if not self.is_foreign(r)]
        matches = {}
        for fits in (lambda p, r: p["reference"] == r["id"], self.is_made_for):
            for row in done:
                match = row["id"] not in matches and next((p for p in pool if fits(p, row)), None)
                if match:
                    matches[row["id"]] = match
                    pool.remove(match)
        for row in done:
            name, amount, match = self.document_of(row), money(row["amount"], row["currency"]), matches.get(row["id"])
            voided = self.is_taken_back(row["charge"]) and any(
                self.is_refunded(c) for c in self.of("charge", id=row["charge"]))
            if match is None:
                if not voided:
                    self.differ(name, f"refund {row['id']} of {amount} is not booked in Visma")
                continue
            if voided:
                self.differ(name, f"refund {row['id']} of {amount} is booked by {match['number']} and by a void")
            same = (match["currency"] == row["currency"].upper()
                    and minor(match["amount"], match["currency"]) == row["amount"])
            if not same or not self.is_booked(match) or not self.is_clearing(match):
                self.differ(name, f"refund {row['id']} of {amount} is booked otherwise")
        for payment in pool:
            if (payment["reference"] or "").startswith("re_"):
                uses = payment["applications"]
                row = next(iter(self.of("refund", id=payment["reference"])), {})
                self.differ(self.document_of(row) or (key(uses[0]) if uses else None),
                            f"refund {payment['number']} ({payment['reference']}) did not succeed in Stripe")

    def is_made_for(self, payment, row):
        """An accountant's own document may name the payment, or nothing of Stripe's."""
        reference = payment["reference"] or ""
        if (payment["currency"] != row["currency"].upper() or reference.startswith("re_")
                or minor(payment["amount"], payment["currency"]) != row["amount"]):
            return False
        if reference and reference in (row["charge"], row["payment_intent"]):
            return True
        document = self.documents.get(self.document_of(row)) or {}
        return (payment.get("cash_account") in self.cash.get(payment["currency"], [])
                and payment.get("customer") == document.get("customer")
                and not is_stripes(payment))

    def net(self, fact, currency, name):
        """What left the clearing account for a fact; None, and told of, when an entry is not as it should be."""
        total = 0
        for entry in self.entries:
            if fact_of(entry) != fact:
                continue
            amount = minor(entry["amount"], entry["currency"])
            if (not (entry["released"] or self.holds) or entry["currency"] != currency.upper() or amount is None
                    or not self.is_clearing(entry)):
                self.differ(name, f"cash transaction {entry['number']} of {fact} is not as it should be")
                return None
            total += -amount if entry.get("direction") == "receipt" else amount
        return total

    def disputes(self):
        for row in self.of("dispute"):
            if self.is_foreign(row):
                continue
            name, amount = self.document_of(row), money(row["amount"], row["currency"])
            net = self.net(row["id"], row["currency"], name)
            if net is None:
                continue
            refunded = any(self.is_refunded(c) for c in self.of("charge", id=row["charge"]))
            if row["status"] == "lost" and self.is_taken_back(row["charge"]) and not refunded:
                wrong = net and "is booked twice"
            elif row["status"] == "lost":
                wrong = net != row["amount"] and (self.posts["disputes"] or net) and "is lost, and booked otherwise"
            elif row["status"] in ("won", "warning_closed", "prevented"):
                wrong = net and "is not lost, and booked as if it were"
            else:
                wrong = net not in (0, row["amount"]) and "is booked otherwise"
            if wrong:
                self.differ(name, f"dispute {row['id']} of {amount} {wrong}")
        known = {r["id"] for r in self.of("dispute")}
        for entry in self.entries:
            if fact_of(entry)[:3] in ("dp_", "du_") and fact_of(entry) not in known:
                self.differ(None, f"cash transaction {entry['number']} ({entry['reference']}) is of no dispute")

    def fees(self):
        """What Stripe kept of each movement is on the payment or in a cash transaction, if the company books fees."""
        payable = defaultdict(Counter)
        for payment in self.booked.values():
            for charge in (payment or {}).get("charges") or []:
                payable[payment["reference"]][payment["currency"]] += minor(charge["amount"], payment["currency"]) or 0
        movements = [r for r in self.of("balance_transaction") if r["type"] != "payout"]
        for row in movements:
            source, code = row.get("source"), row["currency"].upper()
            if not row["invoice"] and (source or not self.is_first):
                continue
            name = self.document_of(row)
            net = self.net(row["id"], row["currency"], name)
            if net is None:
                continue
            charge = next((c for c in self.of("charge") if c["id"] == source), None)
            on_payment = payable.pop(charge and (charge["payment_intent"] or charge["id"]), Counter())
            # Without a source the whole of it is a fee, and books know of it by the payout that it left with.
            fee = row["fee"] if source else -row["net"]
            total = net + on_payment[code]
            right = total == (fee if self.posts["fees"] else 0)
            if self.posts["fees"] and not source and not row.get("payout"):
                right = right or total == 0
            if not right or any(value for other, value in on_payment.items() if other != code):
                said = money(fee if self.posts["fees"] else 0, row["currency"])
                self.differ(name, f"{row['id']}: {money(total, row['currency'])} of fees is booked, not {said}")
        for name, sums in sorted(payable.items()):
            if any(sums.values()):
                self.differ(self.document_of_means(name), f"a payment of {name} carries a fee that Stripe did not keep")
        known = {r["id"] for r in movements}
        for entry in self.entries:
            if fact_of(entry).startswith("txn_") and fact_of(entry) not in known:
                self.differ(None, f"cash transaction {entry['number']} ({entry['reference']}) is of no movement")

    def exchange(self, payout):
        """What a payout holds of exchanged money: before fees in its currency, and in the currencies it came in. With
        what a payout held that failed and gave its money back into this one."""
        gross, originals, waiting, seen = 0, Counter(), [payout], set()
        while waiting:
            here = waiting.pop()
            if not here or here in seen:
                continue
            seen.add(here)
            for row in self.moved[here]:
                if row["type"] == "payout_failure":
                    waiting.append(row.get("source"))
                source = self.sources_of_money.get(row.get("source"))
                if source and source["currency"] != row["currency"]:
                    gross += row["amount"]
                    sign = -1 if row["amount"] < 0 else 1
                    originals[source["currency"].upper()] += sign * source["amount"]
        return gross, originals

    def payouts(self):
        named = {}
        for journal in self.journals:
            texts = [journal.get("text")] + [line.get(f) for line in journal["lines"] for f in ("reference", "text")]
            # `po_1` also by `po_1:EUR`, the exchange of one, and by `po_1,` in a text.
            named[journal["number"]] = {re.split("[:,]", w)[0] for text in texts if text for w in text.split(" ")
                                        if w.startswith("po_")}

        def net(journal, account):
            return sum((minor(line["debit"], journal["currency"]) or 0)
                       - (minor(line.get("credit") or "0", journal["currency"]) or 0)
                       for line in journal["lines"] if account and line["account"] == account)

        for row in self.of("payout"):
            name, amount = f"payout/{row['id']}", money(row["amount"], row["currency"])
            made = [j for j in self.journals if row["id"] in named[j["number"]]]
            if not self.posts["payouts"] or row["status"] != "paid" or not row["amount"]:
                if made:
                    self.differ(name, f"payout {row['id']} of {amount} is booked, and should not be")
                continue
            code = row["currency"].upper()
            own = [j for j in made if j["currency"] == code]
            if len(own) != 1:
                self.differ(name, f"payout {row['id']} of {amount} is booked {len(own)} times")
                continue
            journal, (gross, originals) = own[0], self.exchange(row["id"])
            total = sum(max(0, part) for part in (row["amount"], gross - row["amount"], -gross))
            if (minor(journal["amount"], code) != total or net(journal, self.banks.get(code)) != row["amount"]
                    or (gross and net(journal, self.exchange_account) != -gross)
                    or not all(j["released"] or self.holds for j in made)):
                self.differ(name, f"payout {row['id']} of {amount} is booked otherwise")
            booked = sorted((j["currency"], net(j, self.exchange_account)) for j in made if j["currency"] != code)
            wanted = sorted((c, value) for c, value in originals.items() if value)
            if booked != wanted:
                self.differ(name, f"payout {row['id']} of {amount} holds the exchange of {wanted}, booked is {booked}")
        known = {r["id"] for r in self.of("payout")}
        for journal in self.journals:
            for payout in sorted(named[journal["number"]] - known):
                self.differ(f"payout/{payout}", f"journal {journal['number']} is of no payout in Stripe")

    def credits(self):
        """The credit that Stripe would spend on a customer's next invoice is what came beyond the former ones."""
        expected, names = Counter(), {}
        for invoice in sorted(self.invoices.values(), key=lambda r: r["id"], reverse=True):
            customer = invoice.get("customer")
            if not customer:
                continue
            beyond = invoice.get("amount_overpaid", 0)
            expected[customer, invoice["currency"]] -= beyond
            if beyond or customer not in names:
                names[customer] = meta(invoice, "mlc_document")
        for row in self.of("customer_balance"):
            if row["balance"] != expected.pop((row["id"], row["currency"]), 0):
                said = money(row["balance"], row["currency"])
                self.differ(names.get(row["id"]), f"the balance of {row['id']} is {said}, and no overpayment is why")
        for (customer, currency), amount in sorted(expected.items()):
            if amount:
                said = money(-amount, currency)
                self.differ(names[customer], f"{said} came beyond the invoices of {customer} and is not their credit")

    def records(self):
        """Failures, refunds and disputes can be read on their documents, and nothing else of the kind."""
        for row in self.of("charge", status="failed"):
            self.recorded(row, "failed charge", "")
        for kind in ("refund", "dispute"):
            for row in self.of(kind):
                self.recorded(row, kind, row["status"])
        for name, document in sorted(self.documents.items()):
            text = "\n".join(self.texts(name, document))
            named = re.findall(r"(?<![A-Za-z0-9_])(?:ch|py|dp|du|re)_[A-Za-z0-9_]*", text)
            for word in sorted(set(named) - self.known):
                self.differ(name, f"the document names {word}, unknown in Stripe")

    def texts(self, name, document):
        texts = [document.get("note")] + [a.get("text") for a in document.get("attachments") or []]
        texts += [p.get("text") for p in self.payments if any(key(u) == name for u in p["applications"])]
        return [text for text in texts if text]

    def recorded(self, row, what, state):
        if self.is_foreign(row):
            return
        name = self.document_of(row)
        document = self.documents.get(name)
        if document is None:
            self.differ(None, f"{what} {row['id']} belongs to no document")
            return
        wanted = (row["id"], money(row["amount"], row["currency"]), state)
        lines = [line for text in self.texts(name, document) for line in text.splitlines()]
        if not any(all(word in line for word in wanted) for line in lines):
            self.differ(name, f"{what} {row['id']} of {wanted[1]} is not on the document as it is now")


def show(title, rows):
    print(f"{title}: {len(rows)}")
    for tenant, document, what in rows:
        print(f"  {tenant:36}  {document or '-':18}  {what}")


def main(words):
    if len(words) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        visma, stripe, pairs, apart = (read(words[0], n + ".jsonl") for n in ("visma", "stripe", "pairs", "apart"))
        found, compared = [], Counter()
        listed = []
        for pair in pairs:
            books = Pair(pair, pairs, visma, stripe)
            found += books.compare()
            compared += Counter(documents=len(books.documents), invoices=len(books.invoices),
                                invoice_payments=len(books.of("invoice_payment")),
                                balance_transactions=len(books.of("balance_transaction")))
            for subject in (s for s in apart if s["visma_tenant"] == books.tenant):
                document = books.documents.get(subject["document"])
                amount = f"{document['balance']} {document['currency']}" if document else "(not in the books)"
                listed.append((books.tenant, subject["document"], f"{amount}  {subject['reason']}"))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        print(f"drift.py: the books cannot be read: {type(error).__name__}: {error}", file=sys.stderr)
        return 2
    hidden = {(tenant, document) for tenant, document, _ in listed}
    counted = [row for row in found if row[:2] not in hidden]
    print("compared: " + ", ".join(f"{count} {what}" for what, count in sorted(compared.items())))
    show("listed apart", listed)
    show("differences of these, not counted", [row for row in found if row[:2] in hidden])
    show("differences", counted)
    print(f"drift {len(counted)}")
    return 0 if not counted else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
