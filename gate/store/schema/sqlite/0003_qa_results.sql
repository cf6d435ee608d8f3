-- QA results that are reported, one row for each run of one build on one platform.
CREATE TABLE qa_runs (
  digest TEXT PRIMARY KEY,         -- SHA-256 of what is compressed in content, hexadecimal
  service TEXT NOT NULL,
  build TEXT NOT NULL,             -- full revision
  finish_time INTEGER NOT NULL,    -- microseconds since 1970, UTC; as are the others
  report_time INTEGER NOT NULL,
  bytes INTEGER NOT NULL,          -- of what is compressed in content
  content BLOB NOT NULL            -- a zstd frame of a gate.v1.QaRun without name and report time
) STRICT;
CREATE INDEX qa_runs_by_build ON qa_runs (service, build, finish_time, report_time, digest, bytes);
CREATE INDEX qa_runs_by_report ON qa_runs (report_time);

-- Builds of which there are runs.
CREATE TABLE qa_builds (
  service TEXT NOT NULL,
  build TEXT NOT NULL,
  newest INTEGER NOT NULL,         -- the latest finish_time of its runs
  PRIMARY KEY (service, build)
) STRICT, WITHOUT ROWID;
CREATE INDEX qa_builds_by_newest ON qa_builds (service, newest, build);

-- Flags that have to stay off: of each service and ticket the one of the newest verdict.
CREATE TABLE flag_watches (
  environment TEXT NOT NULL,
  flag TEXT NOT NULL,
  service TEXT NOT NULL,
  ticket TEXT NOT NULL,
  build TEXT NOT NULL,
  create_time INTEGER NOT NULL,
  verdict TEXT NOT NULL,           -- verdicts.id
  watch BLOB NOT NULL,             -- gate.v1.FlagWatch
  PRIMARY KEY (environment, flag, service, ticket)
) STRICT, WITHOUT ROWID;
CREATE INDEX flag_watches_by_build ON flag_watches (service, build);

-- Runs are forgotten when their time is up, and never changed.
CREATE TRIGGER qa_runs_no_update BEFORE UPDATE ON qa_runs
BEGIN SELECT RAISE(ABORT, 'QA runs do not change'); END;
CREATE TRIGGER flag_watches_no_delete BEFORE DELETE ON flag_watches
BEGIN SELECT RAISE(ABORT, 'flag watches are not deleted'); END;
