-- Changes on their way, one row each.
CREATE TABLE rollouts (
  id TEXT PRIMARY KEY,             -- what follows "rollouts/" in the name
  create_time INTEGER NOT NULL,    -- microseconds since 1970, UTC; as are the others
  service TEXT NOT NULL,
  environment TEXT NOT NULL,
  active INTEGER NOT NULL,         -- 0 once it has ended
  version INTEGER NOT NULL,        -- grows by one with each write
  write_id TEXT NOT NULL,          -- of the newest write, so that who repeats it knows it
  due_time INTEGER NOT NULL,       -- when it is to be judged next
  claimed_by TEXT NOT NULL,        -- the replica that does; empty: none
  claimed_until INTEGER NOT NULL,
  change TEXT NOT NULL,            -- blobs.digest of the whole change
  rollout BLOB NOT NULL            -- gate.v1.Rollout
) STRICT;

-- Of a service in an environment one moves at a time.
CREATE UNIQUE INDEX rollouts_one_active ON rollouts (service, environment) WHERE active = 1;
CREATE INDEX rollouts_by_due ON rollouts (due_time) WHERE active = 1;
CREATE INDEX rollouts_by_time ON rollouts (active, create_time, id);
CREATE INDEX rollouts_by_service ON rollouts (service, active, create_time, id);
CREATE INDEX rollouts_by_environment ON rollouts (environment, active, create_time, id);
CREATE INDEX rollouts_by_service_and_environment
  ON rollouts (service, environment, active, create_time, id);

-- The newest fencing token of each service and environment: it only ever grows.
CREATE TABLE leases (
  service TEXT NOT NULL,
  environment TEXT NOT NULL,
  token INTEGER NOT NULL,
  PRIMARY KEY (service, environment)
) STRICT, WITHOUT ROWID;

-- Calls that took a lease.
CREATE TABLE rollout_requests (
  request_id TEXT PRIMARY KEY,
  request_digest TEXT NOT NULL,    -- SHA-256 of the request without its id, hexadecimal
  rollout TEXT NOT NULL,           -- rollouts.id
  token INTEGER NOT NULL,
  create_time INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What happened to rollouts, for those who watch.
CREATE TABLE rollout_events (
  rollout TEXT NOT NULL,           -- rollouts.id
  sequence INTEGER NOT NULL,       -- from 1
  event BLOB NOT NULL,             -- gate.v1.WatchRolloutResponse
  PRIMARY KEY (rollout, sequence)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER rollouts_no_delete BEFORE DELETE ON rollouts
BEGIN SELECT RAISE(ABORT, 'rollouts are not deleted'); END;
CREATE TRIGGER leases_only_grow BEFORE UPDATE ON leases WHEN new.token <= old.token
BEGIN SELECT RAISE(ABORT, 'fencing tokens only grow'); END;
CREATE TRIGGER leases_no_delete BEFORE DELETE ON leases
BEGIN SELECT RAISE(ABORT, 'leases are not deleted'); END;
CREATE TRIGGER rollout_events_no_update BEFORE UPDATE ON rollout_events
BEGIN SELECT RAISE(ABORT, 'rollout events are append-only'); END;
CREATE TRIGGER rollout_events_no_delete BEFORE DELETE ON rollout_events
BEGIN SELECT RAISE(ABORT, 'rollout events are append-only'); END;
