-- How a tenant's gate before an outside system stands, where it is not free: for people to see. What decides is kept by
-- the process that makes the calls.
CREATE TABLE gates (
    tenant_id TEXT COLLATE "C" NOT NULL REFERENCES tenants (id),
    system TEXT COLLATE "C" NOT NULL CHECK (system IN ('visma', 'stripe')),
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('free', 'reserved', 'spent', 'broken')),
    until_at BIGINT,
    reason TEXT COLLATE "C",
    changed_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, system)
);

-- Money that has moved is looked at before all else, and goes on when a budget is nearly used up.
ALTER TABLE work ADD COLUMN lane TEXT COLLATE "C" NOT NULL DEFAULT 'other' CHECK (lane IN ('money', 'other'));

-- Nearly always empty or short, however much else waits.
CREATE INDEX work_due_money ON work (tenant_id, due_at) WHERE generation > done_generation AND lane = 'money';

-- What was pushed lately, in slots of five minutes: counted before the call, taken back when it made nothing.
CREATE TABLE pushes (
    tenant_id TEXT COLLATE "C" NOT NULL REFERENCES tenants (id),
    slot_at BIGINT NOT NULL,
    currency TEXT COLLATE "C" NOT NULL CHECK (length(currency) = 3),
    invoices BIGINT NOT NULL CHECK (invoices >= 0),
    amount BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, slot_at, currency)
);

-- Each look asks what is open about its subject, and thousands may wait for a person at once.
CREATE INDEX reviews_subject ON reviews (tenant_id, subject, id);
