#!/usr/bin/env python3
"""Recompute the drift between two sets of books.

    drift.py DIR

DIR holds visma.jsonl, stripe.jsonl, pairs.jsonl and apart.jsonl, as `ml-connector demo --books DIR` writes them.
Nothing of the connector's own tables is read. The last line is `drift N`; the exit status is 0 only when N is 0
(1: there is drift, 2: the files cannot be read). Standard library only; amounts are exact.
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


def read(directory, name):
    with open(os.path.join(directory, name), encoding="utf-8") as file:
        return [json.loads(line, parse_float=Decimal) for line in file if line.strip()]


class Pair:
    """One company's books against one Stripe account's."""

    def __init__(self, pair, pairs, visma, stripe):
        self.tenant, self.account = pair["visma_tenant"], pair["stripe_account"]
        self.start = pair["start_date"]
        self.found = []
        mine = self.once([r for r in visma if r["visma_tenant"] == self.tenant], lambda r: (r["kind"], key(r)), key)
        self.documents = {key(r): r for r in mine if r["kind"] == "document"}
        self.payments = [r for r in mine if r["kind"] == "payment"]
        self.sort_stripe([r for r in stripe if r["account"] == self.account], pair, pairs)

    def differ(self, document, what):
        self.found.append((self.tenant, document, what))

    def once(self, rows, identity, document):
        seen, kept = set(), []
        for row in rows:
            if identity(row) in seen:
                self.differ(document(row), f"the books have this {row['kind']} twice: {row.get('id') or key(row)}")
            else:
                seen.add(identity(row))
                kept.append(row)
        return kept

    def sort_stripe(self, rows, pair, pairs):
        sharing = [p for p in pairs if p["stripe_account"] == self.account]
        companies = {p["visma_tenant"] for p in sharing}
        company = {r["id"]: (r.get("metadata") or {}).get("mlc_company") for r in rows if r["kind"] == "invoice"}
        by_intent = {r["payment_intent"]: r["invoice"] for r in rows
                     if r["kind"] == "invoice_payment" and r.get("payment_intent")}
        intents = {r["id"]: r.get("payment_intent") for r in rows if r["kind"] == "charge"}
        self.known = {r["id"] for r in rows}
        ours = []
        for row in map(dict, rows):
            if row["kind"] != "invoice":
                row["payment_intent"] = row.get("payment_intent") or intents.get(row.get("charge"))
                row["invoice"] = row.get("invoice") or by_intent.get(row["payment_intent"])
            owner = company.get(row["id"] if row["kind"] == "invoice" else row["invoice"])
            if owner == self.tenant or (owner not in companies and sharing[0] is pair):
                ours.append(row)
        kinds = defaultdict(list)
        for row in self.once(ours, lambda r: (r["kind"], r["id"]), lambda r: None):
            kinds[row["kind"]].append(row)
        self.invoices = {r["id"]: r for r in kinds["invoice"]}
        self.allocations = sorted(kinds["invoice_payment"], key=lambda r: r["id"])
        self.charges, self.refunds, self.disputes = kinds["charge"], kinds["refund"], kinds["dispute"]
        for kind in set(kinds) - {"invoice", "invoice_payment", "charge", "refund", "dispute"}:
            for _ in kinds[kind]:
                self.differ(None, f"Stripe's books have a row of unknown kind '{kind}'")

    # -- finding ------------------------------------------------------------------------------------------------

    def named(self, invoice):
        return (invoice.get("metadata") or {}).get("mlc_document")

    def is_ours(self, invoice):
        return (invoice.get("metadata") or {}).get("mlc_company") in (None, "", self.tenant)

    def is_collectable(self, document):
        return document["type"] == "Invoice" and document["released"] and document["date"] >= self.start

    def document_of(self, row):
        return self.named(self.invoices.get(row.get("invoice"), {})) or None

    def document_of_intent(self, intent):
        return next((self.document_of(r) for r in self.allocations if r["payment_intent"] == intent), None)

    def standing(self):
        return [r for r in self.invoices.values() if r["status"] not in ("void", "deleted")]

    # -- rules --------------------------------------------------------------------------------------------------

    def compare(self):
        self.open_amounts()
        self.strays()
        self.sums()
        self.booked_payments()
        self.charged()
        self.booked_refunds()
        for row in self.disputes:
            self.recorded(row, "dispute")
        for row in self.charges:
            if row["status"] == "failed":
                self.recorded(row, "failed charge")
        for name, document in sorted(self.documents.items()):
            named = re.findall(r"(?<![A-Za-z0-9_])(?:ch|py|dp|du)_[A-Za-z0-9_]*", "\n".join(self.texts(name, document)))
            for word in sorted(set(named) - self.known):
                self.differ(name, f"the document names {word}, unknown in Stripe")
        return self.found

    def texts(self, name, document):
        texts = [document.get("note")] + [a.get("text") for a in document.get("attachments") or []]
        texts += [p.get("text") for p in self.payments if any(key(u) == name for u in p["applications"])]
        return [text for text in texts if text]

    def open_amounts(self):
        for name, document in sorted(self.documents.items()):
            if not self.is_collectable(document):
                continue
            currency, balance = document["currency"], minor(document["balance"], document["currency"])
            named = [r for r in self.standing() if self.named(r) == name and self.is_ours(r)]
            if balance == 0 and not named:
                continue
            good = ("open", "paid", "uncollectible") if balance == 0 else ("open", "paid")
            live = [r for r in named if r["status"] in good]
            said = f"{document['balance']} {currency}"
            if len(live) > 1:
                self.differ(name, f"{len(live)} live Stripe invoices")
            elif not live:
                if not any(r["status"] == "draft" for r in named):
                    self.differ(name, f"open {said}, but no live Stripe invoice")
            elif live[0]["currency"].upper() != currency:
                self.differ(name, f"{currency} in Visma, {live[0]['currency'].upper()} in {live[0]['id']}")
            elif live[0]["status"] != "uncollectible" and balance != live[0]["amount_remaining"]:
                there = money(live[0]["amount_remaining"], live[0]["currency"])
                self.differ(name, f"open {said} in Visma, {there} in {live[0]['id']}")

    def strays(self):
        for invoice in self.standing():
            document = self.documents.get(self.named(invoice))
            if document is None or not self.is_ours(invoice) or not self.is_collectable(document):
                self.differ(self.named(invoice) or None, f"{invoice['id']} has no document in Visma")
            elif invoice["status"] == "draft":
                self.differ(self.named(invoice), f"{invoice['id']} is not finalized")

    def sums(self):
        applied = Counter()
        sources = [p for p in self.payments if p["status"] in RELEASED and p["type"] in ("Payment", "Prepayment")]
        for row in sources + list(self.documents.values()):
            for use in row.get("applications") or []:
                applied[key(use)] += minor(use["amount"], row["currency"]) or 0
        for name, document in sorted(self.documents.items()):
            if document["type"] != "Invoice" or not document["released"]:
                continue
            total, balance = (minor(document[f], document["currency"]) for f in ("total", "balance"))
            if total is None or balance is None or total - balance != applied[name]:
                self.differ(name, "total less balance is not what was applied in Visma")
        for invoice in self.standing():
            paid = [r for r in self.allocations if r["invoice"] == invoice["id"] and r["status"] == "paid"]
            if paid and all(r["payment_intent"] for r in paid):
                if sum(r["amount_paid"] for r in paid) != invoice["amount_paid"]:
                    self.differ(self.named(invoice), f"{invoice['id']}: payments are not what is paid")
            due, settled, rest = (invoice[f] for f in ("amount_due", "amount_paid", "amount_remaining"))
            wrong = rest != due - settled if invoice["status"] == "open" else invoice["status"] == "paid" and rest
            if wrong:
                self.differ(self.named(invoice), f"{invoice['id']}: what is due, paid and left does not add up")

    def booked_payments(self):
        pool = [p for p in self.payments if p["type"] in ("Payment", "Prepayment") and p["status"] != "Voided"
                and (p["reference"] or "").startswith("pi_")]
        paid = [r for r in self.allocations if r["status"] == "paid" and r["payment_intent"]]
        booked = {}

        def take(row, fits):
            match = next((p for p in pool if p["reference"] == row["payment_intent"] and fits(p)), None)
            if match is not None:
                booked[row["id"]] = match
                pool.remove(match)
            return match is not None

        for row in paid:
            name = self.document_of(row)
            take(row, lambda p: p["status"] in RELEASED and any(key(u) == name for u in p["applications"]))
        for row in paid:
            if row["id"] not in booked:
                _ = (take(row, lambda p: p["status"] in RELEASED and not p["applications"])
                     or take(row, lambda p: p["status"] in RELEASED) or take(row, lambda p: True))
        for row in paid:
            problem = self.booking_problem(row, booked.get(row["id"]))
            if problem:
                uses = (booked.get(row["id"]) or {}).get("applications")
                self.differ(self.document_of(row) or (key(uses[0]) if uses else None), problem)
        for payment in pool:
            uses = payment["applications"]
            name = key(uses[0]) if uses else self.document_of_intent(payment["reference"])
            self.differ(name, f"payment {payment['number']} ({payment['reference']}) has no Stripe payment of its own")

    def booking_problem(self, row, payment):
        name, amount = self.document_of(row), money(row["amount_paid"], row["currency"])
        if name is None:
            return f"{row['id']} of {amount} belongs to no invoice of ours"
        if payment is None:
            return f"{row['payment_intent']} of {amount} is not booked in Visma"
        label = f"payment {payment['number']} for {row['payment_intent']} of {amount}"
        if payment["status"] not in RELEASED:
            return f"{label} is {payment['status']}, not released"
        if payment["currency"] != row["currency"].upper():
            return f"{label} is in {payment['currency']}"
        if minor(payment["amount"], payment["currency"]) != row["amount_paid"]:
            return f"{label} is of {payment['amount']}"
        if any(key(u) != name for u in payment["applications"]):
            return f"{label} is applied to another document"
        parts = [minor(u["amount"], payment["currency"]) for u in payment["applications"]]
        if None in parts:
            return f"{label} has an amount that cannot be read"
        document = self.documents.get(name)
        used_up = document is not None and minor(document["balance"], document["currency"]) == 0
        if sum(parts) > row["amount_paid"] or (sum(parts) < row["amount_paid"] and not used_up):
            return f"{label} is applied with another amount"
        return None

    def charged(self):
        intents = {r["payment_intent"] for r in self.charges + self.allocations if r["payment_intent"]}
        for intent in sorted(intents):
            rows = [r for r in self.allocations if r["payment_intent"] == intent]
            paid = [r for r in rows if r["status"] == "paid"]
            good = [r for r in self.charges if r["payment_intent"] == intent and r["status"] == "succeeded"]
            if not rows and good:
                self.differ(None, f"the charge of {intent} belongs to no invoice")
            elif bool(paid) != bool(good):
                self.differ(self.document_of_intent(intent),
                            f"{intent}: {len(good)} charges succeeded, {len(paid)} invoice payments are paid")
            elif (len({r["currency"] for r in paid + good}) > 1
                  or sum(r["amount_paid"] for r in paid) > sum(r["amount"] for r in good)):
                self.differ(self.document_of_intent(intent), f"{intent}: charged and allocated amounts disagree")

    def is_foreign(self, row):
        """A charge without a payment intent has nothing to do with invoices."""
        return (not row["payment_intent"] and not row["invoice"]
                and any(c["id"] in (row["id"], row.get("charge")) for c in self.charges))

    def booked_refunds(self):
        pool = {}
        for payment in self.payments:
            if payment["type"] == "Refund" and payment["status"] != "Voided":
                if (payment["reference"] or "").startswith("re_"):
                    pool.setdefault(payment["reference"], []).append(payment)
        for row in sorted(self.refunds, key=lambda r: r["id"]):
            if row["status"] != "succeeded" or self.is_foreign(row):
                continue
            amount = money(row["amount"], row["currency"])
            if not pool.get(row["id"]):
                self.differ(self.document_of(row), f"refund {row['id']} of {amount} is not booked in Visma")
                continue
            match = pool[row["id"]].pop(0)
            same = (match["currency"] == row["currency"].upper() and match["status"] in RELEASED
                    and minor(match["amount"], match["currency"]) == row["amount"])
            if not same:
                self.differ(self.document_of(row), f"refund {row['id']} of {amount} is booked otherwise")
        for payment in (p for rest in pool.values() for p in rest):
            uses = payment["applications"]
            self.differ(key(uses[0]) if uses else None,
                        f"refund {payment['number']} ({payment['reference']}) is not in Stripe")

    def recorded(self, row, what):
        if self.is_foreign(row):
            return
        name = self.document_of(row)
        document = self.documents.get(name)
        if document is None:
            self.differ(None, f"{what} {row['id']} belongs to no document")
            return
        amount = money(row["amount"], row["currency"])
        if not any(row["id"] in text and amount in text for text in self.texts(name, document)):
            self.differ(name, f"{what} {row['id']} of {amount} is not on the document")


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
                                invoice_payments=len(books.allocations))
            for subject in (s for s in apart if s["visma_tenant"] == books.tenant):
                document = books.documents.get(subject["document"])
                amount = f"{document['balance']} {document['currency']}" if document else "(not in the books)"
                listed.append((books.tenant, subject["document"], f"{amount}  {subject['reason']}"))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
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
