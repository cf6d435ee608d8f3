-- Exceptions that people make to findings, one row each.
CREATE TABLE overrides (
  id TEXT PRIMARY KEY,                -- what follows "overrides/" in the name
  create_time INTEGER NOT NULL,       -- microseconds since 1970, UTC; as are the others
  service TEXT NOT NULL,
  environment TEXT NOT NULL,
  subject TEXT NOT NULL,              -- the artefact's digest, or "revision:" and the head revision
  state INTEGER NOT NULL,             -- gate.v1.OverrideState; what has expired says expire_time alone
  expire_time INTEGER NOT NULL,
  awaiting_review INTEGER NOT NULL,   -- 1: the glass was broken, and nobody has looked at it
  consumed_by TEXT NOT NULL,          -- the verdict or rollout that did; empty: none has
  consume_time INTEGER NOT NULL,      -- 0 where none has
  version INTEGER NOT NULL,           -- grows by one with each write
  override BLOB NOT NULL              -- gate.v1.Override, without what the columns say
) STRICT;

CREATE INDEX overrides_by_subject ON overrides (service, environment, subject);
CREATE INDEX overrides_by_time ON overrides (create_time, id);
CREATE INDEX overrides_by_service ON overrides (service, create_time, id);
CREATE INDEX overrides_by_environment ON overrides (environment, create_time, id);
CREATE INDEX overrides_by_review ON overrides (create_time, id) WHERE awaiting_review = 1;

-- Calls that wrote one.
CREATE TABLE override_requests (
  request_id TEXT PRIMARY KEY,
  request_digest TEXT NOT NULL,       -- SHA-256 of the request without its id, hexadecimal
  override TEXT NOT NULL,             -- overrides.id
  create_time INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TRIGGER overrides_are_consumed_once BEFORE UPDATE ON overrides
WHEN old.consumed_by <> '' AND (new.consumed_by <> old.consumed_by OR new.state <> old.state)
BEGIN SELECT RAISE(ABORT, 'an override is consumed once'); END;
CREATE TRIGGER overrides_no_delete BEFORE DELETE ON overrides
BEGIN SELECT RAISE(ABORT, 'overrides are not deleted'); END;
