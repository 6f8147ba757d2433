-- Times are integer microseconds since 1970 in UTC, amounts integer minor units, ids and JSON text, booleans 0 and 1.
-- Every row that belongs to a tenant names it; every state column repeats its allowed values. The collation "C" orders
-- by bytes, as the code and SQLite do, whatever the database's own is.

-- A cast would fail by itself, and as another kind of error than a CHECK's.
CREATE FUNCTION json_valid(value TEXT) RETURNS BOOLEAN LANGUAGE plpgsql IMMUTABLE STRICT AS $$
BEGIN
    PERFORM value::JSON;
    RETURN TRUE;
EXCEPTION WHEN invalid_text_representation OR untranslatable_character THEN
    RETURN FALSE;
END
$$;

CREATE TABLE tenants (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY CHECK (id <> ''),
    name TEXT COLLATE "C" NOT NULL CHECK (name <> ''),
    group_name TEXT COLLATE "C" CHECK (group_name <> ''),
    -- Unknown until the first ping: then NULL, never ''.
    visma_tenant TEXT COLLATE "C" CHECK (visma_tenant <> ''),
    company TEXT COLLATE "C" CHECK (company <> ''),
    stripe_account TEXT COLLATE "C" CHECK (stripe_account <> ''),
    mode TEXT COLLATE "C" NOT NULL CHECK (mode IN ('test', 'live')),
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('onboarding', 'active', 'paused', 'suspended', 'offboarded')),
    policy TEXT COLLATE "C" NOT NULL CHECK (json_valid(policy)),
    policy_version BIGINT NOT NULL CHECK (policy_version >= 1),
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE UNIQUE INDEX tenants_identity ON tenants
    (visma_tenant, (COALESCE(company, '')), (COALESCE(stripe_account, '')), mode)
WHERE state <> 'offboarded';

CREATE TABLE data_keys (
    tenant_id TEXT COLLATE "C" NOT NULL REFERENCES tenants (id),
    version BIGINT NOT NULL CHECK (version >= 1),
    kek_id TEXT COLLATE "C" NOT NULL CHECK (kek_id <> ''),
    wrapped BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, version)
);

CREATE TABLE credentials (
    tenant_id TEXT COLLATE "C" NOT NULL REFERENCES tenants (id),
    purpose TEXT COLLATE "C" NOT NULL CHECK (purpose <> ''),
    version BIGINT NOT NULL CHECK (version >= 1),
    sealed BYTEA NOT NULL,
    data_key_version BIGINT NOT NULL,
    fingerprint TEXT COLLATE "C" NOT NULL,
    rotated_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, purpose, version),
    FOREIGN KEY (tenant_id, data_key_version) REFERENCES data_keys (tenant_id, version)
);

CREATE TABLE webhook_endpoints (
    -- In the URL that Stripe calls, hence unique over all tenants.
    endpoint_key TEXT COLLATE "C" NOT NULL PRIMARY KEY CHECK (endpoint_key <> ''),
    tenant_id TEXT COLLATE "C" NOT NULL REFERENCES tenants (id),
    stripe_endpoint_id TEXT COLLATE "C" CHECK (stripe_endpoint_id <> ''),
    url TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('pending', 'active', 'disabled')),
    created_at BIGINT NOT NULL,
    UNIQUE (tenant_id, endpoint_key)
);

CREATE TABLE webhook_secrets (
    tenant_id TEXT COLLATE "C" NOT NULL REFERENCES tenants (id),
    endpoint_key TEXT COLLATE "C" NOT NULL,
    version BIGINT NOT NULL CHECK (version >= 1),
    sealed BYTEA NOT NULL,
    -- NULL: valid until replaced.
    expires_at BIGINT,
    PRIMARY KEY (tenant_id, endpoint_key, version),
    FOREIGN KEY (tenant_id, endpoint_key) REFERENCES webhook_endpoints (tenant_id, endpoint_key)
);

CREATE TABLE cursors (
    tenant_id TEXT COLLATE "C" NOT NULL REFERENCES tenants (id),
    stream TEXT COLLATE "C" NOT NULL
        CHECK (stream IN ('visma_invoices', 'visma_payments', 'visma_credit_notes', 'stripe_events')),
    value TEXT COLLATE "C" NOT NULL,
    swept_at BIGINT,
    PRIMARY KEY (tenant_id, stream)
);

CREATE TABLE sightings (
    tenant_id TEXT COLLATE "C" NOT NULL REFERENCES tenants (id),
    stream TEXT COLLATE "C" NOT NULL CHECK (stream IN ('visma_invoices', 'visma_payments', 'visma_credit_notes')),
    document TEXT COLLATE "C" NOT NULL,
    -- The server's own text: its clock has no zone.
    modified TEXT COLLATE "C" NOT NULL,
    stamp TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant_id, stream, document)
);

CREATE TABLE links (
    tenant_id TEXT COLLATE "C" NOT NULL REFERENCES tenants (id),
    document TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('seen', 'drafted', 'collecting', 'settled', 'stopped')),
    revision BIGINT NOT NULL CHECK (revision >= 0),
    visma_customer TEXT COLLATE "C" NOT NULL,
    currency TEXT COLLATE "C" NOT NULL CHECK (length(currency) = 3),
    stripe_customer TEXT COLLATE "C" CHECK (stripe_customer <> ''),
    invoice TEXT COLLATE "C" CHECK (invoice <> ''),
    pushed_amount BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, document)
);

-- One Stripe invoice collects for one document.
CREATE UNIQUE INDEX links_invoice ON links (tenant_id, invoice) WHERE invoice IS NOT NULL;

CREATE TABLE stripe_objects (
    tenant_id TEXT COLLATE "C" NOT NULL REFERENCES tenants (id),
    object_id TEXT COLLATE "C" NOT NULL CHECK (object_id <> ''),
    subject TEXT COLLATE "C" NOT NULL CHECK (subject <> ''),
    PRIMARY KEY (tenant_id, object_id)
);

CREATE TABLE collected (
    tenant_id TEXT COLLATE "C" NOT NULL REFERENCES tenants (id),
    document TEXT COLLATE "C" NOT NULL,
    cause TEXT COLLATE "C" NOT NULL CHECK (cause <> ''),
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('created', 'releasing', 'booked', 'held', 'voided')),
    currency TEXT COLLATE "C" NOT NULL CHECK (length(currency) = 3),
    amount BIGINT NOT NULL,
    applied BIGINT NOT NULL,
    payment TEXT COLLATE "C" NOT NULL CHECK (payment <> ''),
    reference TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, document, cause)
);
-- One Visma payment stands for one booking: a look-up can never take another's for its own.
CREATE UNIQUE INDEX collected_payment ON collected (tenant_id, payment);

CREATE TABLE customer_links (
    tenant_id TEXT COLLATE "C" NOT NULL REFERENCES tenants (id),
    visma_internal_id BIGINT NOT NULL,
    visma_number TEXT COLLATE "C" NOT NULL,
    stripe_customer TEXT COLLATE "C" NOT NULL CHECK (stripe_customer <> ''),
    matched_by TEXT COLLATE "C" NOT NULL CHECK (matched_by <> ''),
    matched_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, visma_internal_id)
);
CREATE INDEX customer_links_stripe ON customer_links (tenant_id, stripe_customer);

CREATE TABLE events (
    tenant_id TEXT COLLATE "C" NOT NULL REFERENCES tenants (id),
    event_id TEXT COLLATE "C" NOT NULL CHECK (event_id <> ''),
    type TEXT COLLATE "C" NOT NULL,
    object_id TEXT COLLATE "C",
    livemode BIGINT NOT NULL CHECK (livemode IN (0, 1)),
    body BYTEA NOT NULL,
    received_at BIGINT NOT NULL,
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('received', 'resolved', 'ignored')),
    subject TEXT COLLATE "C",
    reason TEXT COLLATE "C",
    -- NULL when it was fetched from Stripe's list of events.
    endpoint_key TEXT COLLATE "C",
    deliveries BIGINT NOT NULL CHECK (deliveries >= 1),
    PRIMARY KEY (tenant_id, event_id),
    -- Nothing is dropped silently.
    CHECK (state <> 'ignored' OR reason IS NOT NULL)
);

-- The state is in the partial indexes as well: without statistics the planner prefers more equalities, and so these.
CREATE INDEX events_received ON events (tenant_id, state, received_at, event_id) WHERE state = 'received';
CREATE INDEX events_newest ON events (tenant_id, received_at, event_id);

CREATE TABLE work (
    tenant_id TEXT COLLATE "C" NOT NULL REFERENCES tenants (id),
    subject TEXT COLLATE "C" NOT NULL CHECK (subject <> ''),
    generation BIGINT NOT NULL CHECK (generation >= 1),
    done_generation BIGINT NOT NULL CHECK (done_generation >= 0),
    due_at BIGINT NOT NULL,
    attempts BIGINT NOT NULL CHECK (attempts >= 0),
    last_error TEXT COLLATE "C",
    cause TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant_id, subject),
    CHECK (done_generation <= generation)
);

CREATE INDEX work_due ON work (tenant_id, due_at) WHERE generation > done_generation;
CREATE INDEX work_due_all ON work (due_at) WHERE generation > done_generation;

CREATE TABLE journal (
    tenant_id TEXT COLLATE "C" NOT NULL REFERENCES tenants (id),
    effect_key TEXT COLLATE "C" NOT NULL CHECK (effect_key <> ''),
    subject TEXT COLLATE "C" NOT NULL,
    revision BIGINT NOT NULL CHECK (revision >= 0),
    step TEXT COLLATE "C" NOT NULL CHECK (step <> ''),
    cause TEXT COLLATE "C" NOT NULL,
    attempt BIGINT NOT NULL CHECK (attempt >= 0),
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('sent', 'done', 'uncertain', 'absent', 'failed')),
    term BIGINT NOT NULL CHECK (term >= 1),
    sent_at BIGINT NOT NULL,
    deadline_at BIGINT NOT NULL,
    external_id TEXT COLLATE "C",
    request_id TEXT COLLATE "C",
    failure TEXT COLLATE "C",
    -- Sealed, and gone once the effect is settled.
    request BYTEA,
    settled_at BIGINT,
    PRIMARY KEY (tenant_id, effect_key),
    CHECK ((state IN ('sent', 'uncertain')) = (settled_at IS NULL))
);

CREATE INDEX journal_unsettled ON journal (tenant_id, state, subject) WHERE state IN ('sent', 'uncertain');
CREATE INDEX journal_subject ON journal (tenant_id, subject, step, cause, attempt);

CREATE TABLE reviews (
    tenant_id TEXT COLLATE "C" NOT NULL REFERENCES tenants (id),
    id BIGINT NOT NULL CHECK (id >= 1),
    subject TEXT COLLATE "C" NOT NULL CHECK (subject <> ''),
    code TEXT COLLATE "C" NOT NULL CHECK (code <> ''),
    found TEXT COLLATE "C" NOT NULL,
    proposals TEXT COLLATE "C" NOT NULL CHECK (json_valid(proposals)),
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('open', 'resolved')),
    opened_at BIGINT NOT NULL,
    resolved_at BIGINT,
    resolved_by TEXT COLLATE "C",
    resolution TEXT COLLATE "C",
    PRIMARY KEY (tenant_id, id),
    CHECK ((state = 'open') = (resolved_at IS NULL)),
    CHECK (state = 'open' OR (resolved_by IS NOT NULL AND resolution IS NOT NULL))
);

CREATE UNIQUE INDEX reviews_open ON reviews (tenant_id, subject, code) WHERE state = 'open';

CREATE TABLE audit (
    tenant_id TEXT COLLATE "C" NOT NULL REFERENCES tenants (id),
    sequence BIGINT NOT NULL CHECK (sequence >= 1),
    at BIGINT NOT NULL,
    actor TEXT COLLATE "C" NOT NULL CHECK (actor <> ''),
    action TEXT COLLATE "C" NOT NULL CHECK (action <> ''),
    subject TEXT COLLATE "C",
    outcome TEXT COLLATE "C" NOT NULL CHECK (outcome <> ''),
    details TEXT COLLATE "C" NOT NULL CHECK (json_valid(details)),
    previous_code BYTEA NOT NULL,
    code BYTEA NOT NULL,
    PRIMARY KEY (tenant_id, sequence)
);

CREATE FUNCTION refuse_change() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append only', TG_TABLE_NAME USING ERRCODE = 'ML001';
END
$$;

CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Also for a session that plays a replica.
ALTER TABLE audit ENABLE ALWAYS TRIGGER audit_no_change;

CREATE TABLE audit_heads (
    tenant_id TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES tenants (id),
    sequence BIGINT NOT NULL CHECK (sequence >= 1),
    code BYTEA NOT NULL
);

CREATE TABLE runs (
    tenant_id TEXT COLLATE "C" NOT NULL REFERENCES tenants (id),
    id TEXT COLLATE "C" NOT NULL CHECK (id <> ''),
    kind TEXT COLLATE "C" NOT NULL CHECK (kind <> ''),
    started_at BIGINT NOT NULL,
    ended_at BIGINT,
    counts TEXT COLLATE "C" NOT NULL CHECK (json_valid(counts)),
    outcome TEXT COLLATE "C" NOT NULL CHECK (outcome IN ('running', 'succeeded', 'failed', 'partial')),
    PRIMARY KEY (tenant_id, id),
    CHECK ((outcome = 'running') = (ended_at IS NULL))
);

CREATE INDEX runs_newest ON runs (tenant_id, started_at, id);

CREATE TABLE pings (
    tenant_id TEXT COLLATE "C" NOT NULL REFERENCES tenants (id),
    id TEXT COLLATE "C" NOT NULL CHECK (id <> ''),
    at BIGINT NOT NULL,
    outcome TEXT COLLATE "C" NOT NULL CHECK (outcome IN ('passed', 'failed')),
    steps TEXT COLLATE "C" NOT NULL CHECK (json_valid(steps)),
    PRIMARY KEY (tenant_id, id)
);

CREATE INDEX pings_newest ON pings (tenant_id, at, id);

CREATE TABLE leases (
    tenant_id TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES tenants (id),
    owner TEXT COLLATE "C" NOT NULL CHECK (owner <> ''),
    term BIGINT NOT NULL CHECK (term >= 1),
    expires_at BIGINT NOT NULL
);

CREATE TABLE abilities (
    tenant_id TEXT COLLATE "C" NOT NULL REFERENCES tenants (id),
    name TEXT COLLATE "C" NOT NULL CHECK (name <> ''),
    value TEXT COLLATE "C" NOT NULL,
    learned_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, name)
);
