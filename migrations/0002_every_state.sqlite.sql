-- The whole life of an invoice: refunds, disputes, fees and payouts are booked too, what is settled in Visma is told to
-- Stripe, and people ask for single things.

-- One payment may pay several documents: an object of Stripe belongs to each of them.
CREATE TABLE stripe_objects_new (
    tenant_id TEXT NOT NULL REFERENCES tenants (id),
    object_id TEXT NOT NULL CHECK (object_id <> ''),
    subject TEXT NOT NULL CHECK (subject <> ''),
    PRIMARY KEY (tenant_id, object_id, subject)
) STRICT;
INSERT INTO stripe_objects_new (tenant_id, object_id, subject) SELECT tenant_id, object_id, subject FROM stripe_objects;
DROP TABLE stripe_objects;
ALTER TABLE stripe_objects_new RENAME TO stripe_objects;

-- Whatever stands in Visma for a fact of Stripe, of a document or of a payout.
CREATE TABLE collected_new (
    tenant_id TEXT NOT NULL REFERENCES tenants (id),
    subject TEXT NOT NULL CHECK (subject <> ''),
    cause TEXT NOT NULL CHECK (cause <> ''),
    kind TEXT NOT NULL CHECK (kind IN ('payment', 'refund', 'credit_note', 'cash_entry', 'journal_entry')),
    -- Who made the Visma document: the connector, or a person, whose document was recognised.
    origin TEXT NOT NULL CHECK (origin IN ('posted', 'matched')),
    state TEXT NOT NULL CHECK (state IN ('created', 'releasing', 'booked', 'held', 'voiding', 'voided')),
    currency TEXT NOT NULL CHECK (length(currency) = 3),
    amount INTEGER NOT NULL,
    applied INTEGER NOT NULL,
    -- Posted on it as finance charges.
    fee INTEGER NOT NULL,
    number TEXT NOT NULL CHECK (number <> ''),
    reference TEXT NOT NULL,
    -- Why the connector voided it; NULL when it was not voided, or by a person.
    voided_for TEXT CHECK (voided_for IN ('refund', 'dispute', 'failure', 'undo')),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, subject, cause)
) STRICT;
INSERT INTO collected_new (
    tenant_id, subject, cause, kind, origin, state, currency, amount, applied, fee, number, reference, created_at,
    updated_at
)
SELECT tenant_id, 'document/' || document, cause, 'payment', 'posted', state, currency, amount, applied, 0, payment,
    reference, created_at, updated_at
FROM collected;
DROP TABLE collected;
ALTER TABLE collected_new RENAME TO collected;
-- One Visma document stands for one booking: a look-up can never take another's for its own.
CREATE UNIQUE INDEX collected_number ON collected (tenant_id, kind, number);
CREATE INDEX collected_cause ON collected (tenant_id, cause, subject);

-- When a person asked for the look that is due: what was refused before then is tried again by it.
ALTER TABLE work ADD COLUMN asked_at INTEGER;

-- What settled a document in Visma, and how Stripe was told.
CREATE TABLE settlements (
    tenant_id TEXT NOT NULL REFERENCES tenants (id),
    document TEXT NOT NULL,
    revision INTEGER NOT NULL CHECK (revision >= 1),
    cause TEXT NOT NULL CHECK (cause <> ''),
    -- Type and number of the payment or credit note that was applied.
    application TEXT NOT NULL CHECK (application <> ''),
    way TEXT NOT NULL
        CHECK (way IN ('pushed', 'out_of_band', 'payment_record', 'credit_note', 'void', 'uncollectible')),
    currency TEXT NOT NULL CHECK (length(currency) = 3),
    amount INTEGER NOT NULL,
    -- `pr_...`, `cn_...`; NULL for what has no object of its own.
    stripe_object TEXT CHECK (stripe_object <> ''),
    -- A payment record that is not on its invoice yet.
    attached INTEGER NOT NULL CHECK (attached IN (0, 1)),
    created_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, document, revision, cause)
) STRICT;

-- What a person asked for, done by the loop like everything else.
CREATE TABLE requests (
    tenant_id TEXT NOT NULL REFERENCES tenants (id),
    id INTEGER NOT NULL CHECK (id >= 1),
    subject TEXT NOT NULL CHECK (subject <> ''),
    kind TEXT NOT NULL CHECK (kind IN ('push', 'undo')),
    -- Of `undo`: the cause of the booking.
    cause TEXT,
    reason TEXT NOT NULL CHECK (reason <> ''),
    actor TEXT NOT NULL CHECK (actor <> ''),
    asked_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CHECK ((kind = 'undo') = (cause IS NOT NULL))
) STRICT;
CREATE INDEX requests_subject ON requests (tenant_id, subject, id);

-- The account's customers, for the rule that Stripe can neither list nor search by.
CREATE TABLE stripe_customers (
    tenant_id TEXT NOT NULL REFERENCES tenants (id),
    customer TEXT NOT NULL CHECK (customer <> ''),
    description TEXT NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, customer)
) STRICT;
CREATE INDEX stripe_customers_description ON stripe_customers (tenant_id, description);

CREATE TABLE cursors_new (
    tenant_id TEXT NOT NULL REFERENCES tenants (id),
    stream TEXT NOT NULL
        CHECK (
            stream IN (
                'visma_invoices', 'visma_payments', 'visma_credit_notes', 'stripe_events', 'stripe_undelivered',
                'stripe_customers'
            )
        ),
    value TEXT NOT NULL,
    swept_at INTEGER,
    PRIMARY KEY (tenant_id, stream)
) STRICT;
INSERT INTO cursors_new (tenant_id, stream, value, swept_at) SELECT tenant_id, stream, value, swept_at FROM cursors;
DROP TABLE cursors;
ALTER TABLE cursors_new RENAME TO cursors;

-- What was ignored is looked for again by each object that becomes known.
CREATE INDEX events_ignored ON events (tenant_id, state, object_id) WHERE state = 'ignored';
