-- Freezes that people declare.
CREATE TABLE gate.freezes (
  id text COLLATE "C" PRIMARY KEY,             -- what follows "freezes/" in the name
  start_time timestamptz NOT NULL,
  over_time timestamptz NOT NULL,              -- when it ends, or was lifted; far away: until it is lifted
  lifted smallint NOT NULL,                    -- 1 once somebody has lifted it
  content bytea NOT NULL                       -- gate.v1.Freeze
);
CREATE INDEX freezes_in_force ON gate.freezes (over_time) WHERE lifted = 0;
CREATE INDEX freezes_by_end ON gate.freezes (over_time);

-- What is, or was, wrong in production.
CREATE TABLE gate.incidents (
  id text COLLATE "C" PRIMARY KEY,             -- what follows "incidents/" in the name
  source text COLLATE "C" NOT NULL,
  external_id text COLLATE "C" NOT NULL,
  create_time timestamptz NOT NULL,            -- when it was first reported
  open smallint NOT NULL,                      -- 0 once it is resolved
  incident bytea NOT NULL                      -- gate.v1.Incident
);
CREATE UNIQUE INDEX incidents_by_source ON gate.incidents (source, external_id);
CREATE INDEX incidents_open ON gate.incidents (create_time, id) WHERE open = 1;
CREATE INDEX incidents_by_time ON gate.incidents (create_time, id);

-- Calls that wrote one of them.
CREATE TABLE gate.hold_requests (
  request_id text COLLATE "C" PRIMARY KEY,
  request_digest text COLLATE "C" NOT NULL,    -- SHA-256 of the request without its id
  resource text COLLATE "C" NOT NULL,          -- gate.freezes.id or gate.incidents.id
  create_time timestamptz NOT NULL
);

-- Whether a rollout is between its first step and its last.
ALTER TABLE gate.rollouts ADD COLUMN moving smallint NOT NULL DEFAULT 0;
CREATE INDEX rollouts_moving ON gate.rollouts (id) WHERE moving = 1;

-- Whoever takes a place under a cap writes its row first, so that replicas take turns.
CREATE TABLE gate.concurrency_caps (
  name text COLLATE "C" PRIMARY KEY,
  asked bigint NOT NULL                        -- how often
);

CREATE TRIGGER freezes_no_delete BEFORE DELETE OR TRUNCATE ON gate.freezes
  FOR EACH STATEMENT EXECUTE FUNCTION gate.refuse_change();
CREATE TRIGGER incidents_no_delete BEFORE DELETE OR TRUNCATE ON gate.incidents
  FOR EACH STATEMENT EXECUTE FUNCTION gate.refuse_change();
