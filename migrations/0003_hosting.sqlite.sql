-- When time alone makes a tenant's turn due: a poll, a list of Stripe's events. What is dirty or unread is due besides.
-- A cache of what its cursors and policy say; a tenant that is not active has no row.
CREATE TABLE schedules (
    tenant_id TEXT NOT NULL PRIMARY KEY REFERENCES tenants (id),
    due_at INTEGER NOT NULL
) STRICT;

CREATE INDEX schedules_due ON schedules (due_at, tenant_id);

INSERT INTO schedules (tenant_id, due_at)
SELECT id, updated_at FROM tenants WHERE state = 'active';
