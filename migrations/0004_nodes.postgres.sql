-- The processes that work on this database. A node is there until expires_at, which its heartbeat moves on; which node
-- takes a tenant's turns follows from the nodes that are there and active.
CREATE TABLE nodes (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('active', 'draining')),
    version TEXT COLLATE "C" NOT NULL,
    started_at BIGINT NOT NULL,
    beat_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);

-- A lease that was given back has expires_at 0, so this holds only those that a turn has now, or had when it died.
CREATE INDEX leases_held ON leases (owner) WHERE expires_at > 0;
