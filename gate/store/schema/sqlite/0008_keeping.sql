-- What is forgotten when its time is up: rows from before the moments in `keeping` may be deleted, all
-- others not. Moments are written first, on record, and only ever grow.
CREATE TABLE keeping (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  verdicts_from INTEGER NOT NULL,  -- microseconds since 1970, UTC, as are the others
  blobs_from INTEGER NOT NULL,     -- the beginning of a month
  audit_from INTEGER NOT NULL
) STRICT;
INSERT INTO keeping VALUES (1, -62135596800000000, -62135596800000000, -62135596800000000);
CREATE TRIGGER keeping_grows BEFORE UPDATE ON keeping
WHEN new.verdicts_from < old.verdicts_from OR new.blobs_from < old.blobs_from
  OR new.audit_from < old.audit_from
BEGIN SELECT RAISE(ABORT, 'what was forgotten stays forgotten'); END;
CREATE TRIGGER keeping_no_delete BEFORE DELETE ON keeping
BEGIN SELECT RAISE(ABORT, 'what was forgotten stays forgotten'); END;

-- The newest month in which something points to a blob.
CREATE TABLE blob_months (
  digest TEXT PRIMARY KEY,         -- blobs.digest
  month INTEGER NOT NULL           -- the beginning of it, microseconds since 1970, UTC
) STRICT, WITHOUT ROWID;
CREATE INDEX blob_months_by_month ON blob_months (month, digest);
INSERT INTO blob_months SELECT digest, unixepoch('now', 'start of month') * 1000000 FROM blobs;

DROP TRIGGER verdicts_no_delete;
CREATE TRIGGER verdicts_no_delete BEFORE DELETE ON verdicts
WHEN old.create_time >= (SELECT verdicts_from FROM keeping)
BEGIN SELECT RAISE(ABORT, 'verdicts are append-only'); END;
DROP TRIGGER blobs_no_delete;
CREATE TRIGGER blobs_no_delete BEFORE DELETE ON blobs
WHEN coalesce((SELECT month FROM blob_months WHERE digest = old.digest), 9223372036854775807)
  >= (SELECT blobs_from FROM keeping)
BEGIN SELECT RAISE(ABORT, 'blobs are append-only'); END;
DROP TRIGGER audit_no_delete;
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit
WHEN old.time >= (SELECT audit_from FROM keeping)
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
