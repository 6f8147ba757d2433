-- Times are integer microseconds since 1970 in UTC, amounts integer minor units, ids and JSON text.
-- Every row that belongs to a tenant names it; every state column repeats its allowed values.

CREATE TABLE tenants (
    id TEXT NOT NULL PRIMARY KEY CHECK (id <> ''),
    name TEXT NOT NULL CHECK (name <> ''),
    group_name TEXT CHECK (group_name <> ''),
    -- Unknown until the first ping: then NULL, never ''.
    visma_tenant TEXT CHECK (visma_tenant <> ''),
    company TEXT CHECK (company <> ''),
    stripe_account TEXT CHECK (stripe_account <> ''),
    mode TEXT NOT NULL CHECK (mode IN ('test', 'live')),
    state TEXT NOT NULL CHECK (state IN ('onboarding', 'active', 'paused', 'suspended', 'offboarded')),
    policy TEXT NOT NULL CHECK (json_valid(policy)),
    policy_version INTEGER NOT NULL CHECK (policy_version >= 1),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX tenants_identity ON tenants
    (visma_tenant, COALESCE(company, ''), COALESCE(stripe_account, ''), mode)
WHERE state <> 'offboarded';

CREATE TABLE data_keys (
    tenant_id TEXT NOT NULL REFERENCES tenants (id),
    version INTEGER NOT NULL CHECK (version >= 1),
    kek_id TEXT NOT NULL CHECK (kek_id <> ''),
    wrapped BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, version)
) STRICT;

CREATE TABLE credentials (
    tenant_id TEXT NOT NULL REFERENCES tenants (id),
    purpose TEXT NOT NULL CHECK (purpose <> ''),
    version INTEGER NOT NULL CHECK (version >= 1),
    sealed BLOB NOT NULL,
    data_key_version INTEGER NOT NULL,
    fingerprint TEXT NOT NULL,
    rotated_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, purpose, version),
    FOREIGN KEY (tenant_id, data_key_version) REFERENCES data_keys (tenant_id, version)
) STRICT;

CREATE TABLE webhook_endpoints (
    -- In the URL that Stripe calls, hence unique over all tenants.
    endpoint_key TEXT NOT NULL PRIMARY KEY CHECK (endpoint_key <> ''),
    tenant_id TEXT NOT NULL REFERENCES tenants (id),
    stripe_endpoint_id TEXT CHECK (stripe_endpoint_id <> ''),
    url TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'active', 'disabled')),
    created_at INTEGER NOT NULL,
    UNIQUE (tenant_id, endpoint_key)
) STRICT;

CREATE TABLE webhook_secrets (
    tenant_id TEXT NOT NULL REFERENCES tenants (id),
    endpoint_key TEXT NOT NULL,
    version INTEGER NOT NULL CHECK (version >= 1),
    sealed BLOB NOT NULL,
    -- NULL: valid until replaced.
    expires_at INTEGER,
    PRIMARY KEY (tenant_id, endpoint_key, version),
    FOREIGN KEY (tenant_id, endpoint_key) REFERENCES webhook_endpoints (tenant_id, endpoint_key)
) STRICT;

CREATE TABLE cursors (
    tenant_id TEXT NOT NULL REFERENCES tenants (id),
    stream TEXT NOT NULL
        CHECK (stream IN ('visma_invoices', 'visma_payments', 'visma_credit_notes', 'stripe_events')),
    value TEXT NOT NULL,
    swept_at INTEGER,
    PRIMARY KEY (tenant_id, stream)
) STRICT;

CREATE TABLE sightings (
    tenant_id TEXT NOT NULL REFERENCES tenants (id),
    stream TEXT NOT NULL CHECK (stream IN ('visma_invoices', 'visma_payments', 'visma_credit_notes')),
    document TEXT NOT NULL,
    -- The server's own text: its clock has no zone.
    modified TEXT NOT NULL,
    stamp TEXT NOT NULL,
    PRIMARY KEY (tenant_id, stream, document)
) STRICT;

CREATE TABLE links (
    tenant_id TEXT NOT NULL REFERENCES tenants (id),
    document TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('seen', 'drafted', 'collecting', 'settled', 'stopped')),
    revision INTEGER NOT NULL CHECK (revision >= 0),
    visma_customer TEXT NOT NULL,
    currency TEXT NOT NULL CHECK (length(currency) = 3),
    stripe_customer TEXT CHECK (stripe_customer <> ''),
    invoice TEXT CHECK (invoice <> ''),
    pushed_amount INTEGER,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, document)
) STRICT;

-- One Stripe invoice collects for one document.
CREATE UNIQUE INDEX links_invoice ON links (tenant_id, invoice) WHERE invoice IS NOT NULL;

CREATE TABLE stripe_objects (
    tenant_id TEXT NOT NULL REFERENCES tenants (id),
    object_id TEXT NOT NULL CHECK (object_id <> ''),
    subject TEXT NOT NULL CHECK (subject <> ''),
    PRIMARY KEY (tenant_id, object_id)
) STRICT;

CREATE TABLE collected (
    tenant_id TEXT NOT NULL REFERENCES tenants (id),
    document TEXT NOT NULL,
    cause TEXT NOT NULL CHECK (cause <> ''),
    state TEXT NOT NULL CHECK (state IN ('created', 'releasing', 'booked', 'held', 'voided')),
    currency TEXT NOT NULL CHECK (length(currency) = 3),
    amount INTEGER NOT NULL,
    applied INTEGER NOT NULL,
    payment TEXT NOT NULL CHECK (payment <> ''),
    reference TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, document, cause)
) STRICT;
-- One Visma payment stands for one booking: a look-up can never take another's for its own.
CREATE UNIQUE INDEX collected_payment ON collected (tenant_id, payment);

CREATE TABLE customer_links (
    tenant_id TEXT NOT NULL REFERENCES tenants (id),
    visma_internal_id INTEGER NOT NULL,
    visma_number TEXT NOT NULL,
    stripe_customer TEXT NOT NULL CHECK (stripe_customer <> ''),
    matched_by TEXT NOT NULL CHECK (matched_by <> ''),
    matched_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, visma_internal_id)
) STRICT;
CREATE INDEX customer_links_stripe ON customer_links (tenant_id, stripe_customer);

CREATE TABLE events (
    tenant_id TEXT NOT NULL REFERENCES tenants (id),
    event_id TEXT NOT NULL CHECK (event_id <> ''),
    type TEXT NOT NULL,
    object_id TEXT,
    livemode INTEGER NOT NULL CHECK (livemode IN (0, 1)),
    body BLOB NOT NULL,
    received_at INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('received', 'resolved', 'ignored')),
    subject TEXT,
    reason TEXT,
    -- NULL when it was fetched from Stripe's list of events.
    endpoint_key TEXT,
    deliveries INTEGER NOT NULL CHECK (deliveries >= 1),
    PRIMARY KEY (tenant_id, event_id),
    -- Nothing is dropped silently.
    CHECK (state <> 'ignored' OR reason IS NOT NULL)
) STRICT;

-- The state is in the partial indexes as well: without statistics the planner prefers more equalities, and so these.
CREATE INDEX events_received ON events (tenant_id, state, received_at, event_id) WHERE state = 'received';
CREATE INDEX events_newest ON events (tenant_id, received_at, event_id);

CREATE TABLE work (
    tenant_id TEXT NOT NULL REFERENCES tenants (id),
    subject TEXT NOT NULL CHECK (subject <> ''),
    generation INTEGER NOT NULL CHECK (generation >= 1),
    done_generation INTEGER NOT NULL CHECK (done_generation >= 0),
    due_at INTEGER NOT NULL,
    attempts INTEGER NOT NULL CHECK (attempts >= 0),
    last_error TEXT,
    cause TEXT NOT NULL,
    PRIMARY KEY (tenant_id, subject),
    CHECK (done_generation <= generation)
) STRICT;

CREATE INDEX work_due ON work (tenant_id, due_at) WHERE generation > done_generation;
CREATE INDEX work_due_all ON work (due_at) WHERE generation > done_generation;

CREATE TABLE journal (
    tenant_id TEXT NOT NULL REFERENCES tenants (id),
    effect_key TEXT NOT NULL CHECK (effect_key <> ''),
    subject TEXT NOT NULL,
    revision INTEGER NOT NULL CHECK (revision >= 0),
    step TEXT NOT NULL CHECK (step <> ''),
    cause TEXT NOT NULL,
    attempt INTEGER NOT NULL CHECK (attempt >= 0),
    state TEXT NOT NULL CHECK (state IN ('sent', 'done', 'uncertain', 'absent', 'failed')),
    term INTEGER NOT NULL CHECK (term >= 1),
    sent_at INTEGER NOT NULL,
    deadline_at INTEGER NOT NULL,
    external_id TEXT,
    request_id TEXT,
    failure TEXT,
    -- Sealed, and gone once the effect is settled.
    request BLOB,
    settled_at INTEGER,
    PRIMARY KEY (tenant_id, effect_key),
    CHECK ((state IN ('sent', 'uncertain')) = (settled_at IS NULL))
) STRICT;

CREATE INDEX journal_unsettled ON journal (tenant_id, state, subject) WHERE state IN ('sent', 'uncertain');
CREATE INDEX journal_subject ON journal (tenant_id, subject, step, cause, attempt);

CREATE TABLE reviews (
    tenant_id TEXT NOT NULL REFERENCES tenants (id),
    id INTEGER NOT NULL CHECK (id >= 1),
    subject TEXT NOT NULL CHECK (subject <> ''),
    code TEXT NOT NULL CHECK (code <> ''),
    found TEXT NOT NULL,
    proposals TEXT NOT NULL CHECK (json_valid(proposals)),
    state TEXT NOT NULL CHECK (state IN ('open', 'resolved')),
    opened_at INTEGER NOT NULL,
    resolved_at INTEGER,
    resolved_by TEXT,
    resolution TEXT,
    PRIMARY KEY (tenant_id, id),
    CHECK ((state = 'open') = (resolved_at IS NULL)),
    CHECK (state = 'open' OR (resolved_by IS NOT NULL AND resolution IS NOT NULL))
) STRICT;

CREATE UNIQUE INDEX reviews_open ON reviews (tenant_id, subject, code) WHERE state = 'open';

CREATE TABLE audit (
    tenant_id TEXT NOT NULL REFERENCES tenants (id),
    sequence INTEGER NOT NULL CHECK (sequence >= 1),
    at INTEGER NOT NULL,
    actor TEXT NOT NULL CHECK (actor <> ''),
    action TEXT NOT NULL CHECK (action <> ''),
    subject TEXT,
    outcome TEXT NOT NULL CHECK (outcome <> ''),
    details TEXT NOT NULL CHECK (json_valid(details)),
    previous_code BLOB NOT NULL,
    code BLOB NOT NULL,
    PRIMARY KEY (tenant_id, sequence)
) STRICT;

CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit
BEGIN
    SELECT RAISE(ABORT, 'audit is append only');
END;

CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit
BEGIN
    SELECT RAISE(ABORT, 'audit is append only');
END;

-- REPLACE would delete without firing the trigger above.
CREATE TRIGGER audit_no_replace BEFORE INSERT ON audit
WHEN EXISTS (SELECT 1 FROM audit WHERE tenant_id = NEW.tenant_id AND sequence = NEW.sequence)
BEGIN
    SELECT RAISE(ABORT, 'audit is append only');
END;

CREATE TABLE audit_heads (
    tenant_id TEXT NOT NULL PRIMARY KEY REFERENCES tenants (id),
    sequence INTEGER NOT NULL CHECK (sequence >= 1),
    code BLOB NOT NULL
) STRICT;

CREATE TABLE runs (
    tenant_id TEXT NOT NULL REFERENCES tenants (id),
    id TEXT NOT NULL CHECK (id <> ''),
    kind TEXT NOT NULL CHECK (kind <> ''),
    started_at INTEGER NOT NULL,
    ended_at INTEGER,
    counts TEXT NOT NULL CHECK (json_valid(counts)),
    outcome TEXT NOT NULL CHECK (outcome IN ('running', 'succeeded', 'failed', 'partial')),
    PRIMARY KEY (tenant_id, id),
    CHECK ((outcome = 'running') = (ended_at IS NULL))
) STRICT;

CREATE INDEX runs_newest ON runs (tenant_id, started_at, id);

CREATE TABLE pings (
    tenant_id TEXT NOT NULL REFERENCES tenants (id),
    id TEXT NOT NULL CHECK (id <> ''),
    at INTEGER NOT NULL,
    outcome TEXT NOT NULL CHECK (outcome IN ('passed', 'failed')),
    steps TEXT NOT NULL CHECK (json_valid(steps)),
    PRIMARY KEY (tenant_id, id)
) STRICT;

CREATE INDEX pings_newest ON pings (tenant_id, at, id);

CREATE TABLE leases (
    tenant_id TEXT NOT NULL PRIMARY KEY REFERENCES tenants (id),
    owner TEXT NOT NULL CHECK (owner <> ''),
    term INTEGER NOT NULL CHECK (term >= 1),
    expires_at INTEGER NOT NULL
) STRICT;

CREATE TABLE abilities (
    tenant_id TEXT NOT NULL REFERENCES tenants (id),
    name TEXT NOT NULL CHECK (name <> ''),
    value TEXT NOT NULL,
    learned_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, name)
) STRICT;
