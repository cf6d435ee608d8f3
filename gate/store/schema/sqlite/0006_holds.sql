-- Freezes that people declare.
CREATE TABLE freezes (
  id TEXT PRIMARY KEY,             -- what follows "freezes/" in the name
  start_time INTEGER NOT NULL,     -- microseconds since 1970, UTC; as are the others
  over_time INTEGER NOT NULL,      -- when it ends, or was lifted; far away: until it is lifted
  lifted INTEGER NOT NULL,         -- 1 once somebody has lifted it
  content BLOB NOT NULL            -- gate.v1.Freeze
) STRICT;
CREATE INDEX freezes_in_force ON freezes (over_time) WHERE lifted = 0;
CREATE INDEX freezes_by_end ON freezes (over_time);

-- What is, or was, wrong in production.
CREATE TABLE incidents (
  id TEXT PRIMARY KEY,             -- what follows "incidents/" in the name
  source TEXT NOT NULL,
  external_id TEXT NOT NULL,
  create_time INTEGER NOT NULL,    -- when it was first reported
  open INTEGER NOT NULL,           -- 0 once it is resolved
  incident BLOB NOT NULL           -- gate.v1.Incident
) STRICT;
CREATE UNIQUE INDEX incidents_by_source ON incidents (source, external_id);
CREATE INDEX incidents_open ON incidents (create_time, id) WHERE open = 1;
CREATE INDEX incidents_by_time ON incidents (create_time, id);

-- Calls that wrote one of them.
CREATE TABLE hold_requests (
  request_id TEXT PRIMARY KEY,
  request_digest TEXT NOT NULL,    -- SHA-256 of the request without its id, hexadecimal
  resource TEXT NOT NULL,          -- freezes.id or incidents.id
  create_time INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Whether a rollout is between its first step and its last.
ALTER TABLE rollouts ADD COLUMN moving INTEGER NOT NULL DEFAULT 0;
CREATE INDEX rollouts_moving ON rollouts (id) WHERE moving = 1;

CREATE TRIGGER freezes_no_delete BEFORE DELETE ON freezes
BEGIN SELECT RAISE(ABORT, 'freezes are not deleted'); END;
CREATE TRIGGER incidents_no_delete BEFORE DELETE ON incidents
BEGIN SELECT RAISE(ABORT, 'incidents are not deleted'); END;
