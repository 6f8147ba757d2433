-- The whole life of an invoice: refunds, disputes, fees and payouts are booked too, what is settled in Visma is told to
-- Stripe, and people ask for single things.

-- One payment may pay several documents: an object of Stripe belongs to each of them.
ALTER TABLE stripe_objects DROP CONSTRAINT stripe_objects_pkey;
ALTER TABLE stripe_objects ADD PRIMARY KEY (tenant_id, object_id, subject);

-- Whatever stands in Visma for a fact of Stripe, of a document or of a payout.
ALTER TABLE collected RENAME COLUMN document TO subject;
ALTER TABLE collected RENAME COLUMN payment TO number;
UPDATE collected SET subject = 'document/' || subject;
ALTER TABLE collected
    ADD CHECK (subject <> ''),
    ADD COLUMN kind TEXT COLLATE "C" NOT NULL DEFAULT 'payment'
        CHECK (kind IN ('payment', 'refund', 'credit_note', 'cash_entry', 'journal_entry')),
    -- Who made the Visma document: the connector, or a person, whose document was recognised.
    ADD COLUMN origin TEXT COLLATE "C" NOT NULL DEFAULT 'posted' CHECK (origin IN ('posted', 'matched')),
    -- Posted on it as finance charges.
    ADD COLUMN fee BIGINT NOT NULL DEFAULT 0,
    -- Why the connector voided it; NULL when it was not voided, or by a person.
    ADD COLUMN voided_for TEXT COLLATE "C" CHECK (voided_for IN ('refund', 'dispute', 'failure', 'undo')),
    DROP CONSTRAINT collected_state_check,
    ADD CONSTRAINT collected_state_check
        CHECK (state IN ('created', 'releasing', 'booked', 'held', 'voiding', 'voided'));
ALTER TABLE collected ALTER COLUMN kind DROP DEFAULT, ALTER COLUMN origin DROP DEFAULT, ALTER COLUMN fee DROP DEFAULT;
DROP INDEX collected_payment;
-- One Visma document stands for one booking: a look-up can never take another's for its own.
CREATE UNIQUE INDEX collected_number ON collected (tenant_id, kind, number);
CREATE INDEX collected_cause ON collected (tenant_id, cause, subject);

-- When a person asked for the look that is due: what was refused before then is tried again by it.
ALTER TABLE work ADD COLUMN asked_at BIGINT;

-- What settled a document in Visma, and how Stripe was told.
CREATE TABLE settlements (
    tenant_id TEXT COLLATE "C" NOT NULL REFERENCES tenants (id),
    document TEXT COLLATE "C" NOT NULL,
    revision BIGINT NOT NULL CHECK (revision >= 1),
    cause TEXT COLLATE "C" NOT NULL CHECK (cause <> ''),
    -- Type and number of the payment or credit note that was applied.
    application TEXT COLLATE "C" NOT NULL CHECK (application <> ''),
    way TEXT COLLATE "C" NOT NULL
        CHECK (way IN ('pushed', 'out_of_band', 'payment_record', 'credit_note', 'void', 'uncollectible')),
    currency TEXT COLLATE "C" NOT NULL CHECK (length(currency) = 3),
    amount BIGINT NOT NULL,
    -- `pr_...`, `cn_...`; NULL for what has no object of its own.
    stripe_object TEXT COLLATE "C" CHECK (stripe_object <> ''),
    -- A payment record that is not on its invoice yet.
    attached BIGINT NOT NULL CHECK (attached IN (0, 1)),
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, document, revision, cause)
);

-- What a person asked for, done by the loop like everything else.
CREATE TABLE requests (
    tenant_id TEXT COLLATE "C" NOT NULL REFERENCES tenants (id),
    id BIGINT NOT NULL CHECK (id >= 1),
    subject TEXT COLLATE "C" NOT NULL CHECK (subject <> ''),
    kind TEXT COLLATE "C" NOT NULL CHECK (kind IN ('push', 'undo')),
    -- Of `undo`: the cause of the booking.
    cause TEXT COLLATE "C",
    reason TEXT COLLATE "C" NOT NULL CHECK (reason <> ''),
    actor TEXT COLLATE "C" NOT NULL CHECK (actor <> ''),
    asked_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CHECK ((kind = 'undo') = (cause IS NOT NULL))
);
CREATE INDEX requests_subject ON requests (tenant_id, subject, id);

-- The account's customers, for the rule that Stripe can neither list nor search by.
CREATE TABLE stripe_customers (
    tenant_id TEXT COLLATE "C" NOT NULL REFERENCES tenants (id),
    customer TEXT COLLATE "C" NOT NULL CHECK (customer <> ''),
    description TEXT COLLATE "C" NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, customer)
);
CREATE INDEX stripe_customers_description ON stripe_customers (tenant_id, description);

ALTER TABLE cursors
    DROP CONSTRAINT cursors_stream_check,
    ADD CONSTRAINT cursors_stream_check
        CHECK (
            stream IN (
                'visma_invoices', 'visma_payments', 'visma_credit_notes', 'stripe_events', 'stripe_undelivered',
                'stripe_customers'
            )
        );

-- What was ignored is looked for again by each object that becomes known.
CREATE INDEX events_ignored ON events (tenant_id, state, object_id) WHERE state = 'ignored';
