-- Which of these files have been applied to this database.
CREATE TABLE schema_files (
  number INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  digest TEXT NOT NULL,      -- SHA-256 of the file, hexadecimal
  apply_time TEXT NOT NULL   -- RFC 3339, UTC
) STRICT;

-- What verdicts point to, stored once: observations and policies.
CREATE TABLE blobs (
  digest TEXT PRIMARY KEY,   -- SHA-256 of what is compressed in content, hexadecimal
  content BLOB NOT NULL      -- a zstd frame
) STRICT;

CREATE TABLE verdicts (
  id TEXT PRIMARY KEY,             -- what follows "verdicts/" in the name
  request_id TEXT NOT NULL UNIQUE,
  request_digest TEXT NOT NULL,    -- SHA-256 of the request without its id, hexadecimal
  create_time INTEGER NOT NULL,    -- microseconds since 1970, UTC
  service TEXT NOT NULL,
  environment TEXT NOT NULL,
  decision INTEGER NOT NULL,       -- number in the enum gate.v1.Decision
  verdict BLOB NOT NULL            -- gate.v1.Verdict
) STRICT;

-- One for each set of columns that a listing may fix, in the order in which it is read.
CREATE INDEX verdicts_by_decision
  ON verdicts (decision, create_time, id);
CREATE INDEX verdicts_by_service
  ON verdicts (service, decision, create_time, id);
CREATE INDEX verdicts_by_environment
  ON verdicts (environment, decision, create_time, id);
CREATE INDEX verdicts_by_service_and_environment
  ON verdicts (service, environment, decision, create_time, id);

CREATE TRIGGER verdicts_no_update BEFORE UPDATE ON verdicts
BEGIN SELECT RAISE(ABORT, 'verdicts are append-only'); END;
CREATE TRIGGER verdicts_no_delete BEFORE DELETE ON verdicts
BEGIN SELECT RAISE(ABORT, 'verdicts are append-only'); END;
CREATE TRIGGER blobs_no_update BEFORE UPDATE ON blobs
BEGIN SELECT RAISE(ABORT, 'blobs are append-only'); END;
CREATE TRIGGER blobs_no_delete BEFORE DELETE ON blobs
BEGIN SELECT RAISE(ABORT, 'blobs are append-only'); END;
