-- QA results that are reported, one row for each run of one build on one platform.
CREATE TABLE gate.qa_runs (
  digest text COLLATE "C" PRIMARY KEY,         -- SHA-256 of what is compressed in content
  service text COLLATE "C" NOT NULL,
  build text COLLATE "C" NOT NULL,             -- full revision
  finish_time timestamptz NOT NULL,
  report_time timestamptz NOT NULL,
  bytes bigint NOT NULL,                       -- of what is compressed in content
  content bytea NOT NULL                       -- a zstd frame of a gate.v1.QaRun without name and report time
);
ALTER TABLE gate.qa_runs ALTER COLUMN content SET STORAGE EXTERNAL;  -- compressed already
CREATE INDEX qa_runs_by_build ON gate.qa_runs (service, build, finish_time, report_time, digest);
CREATE INDEX qa_runs_by_report ON gate.qa_runs (report_time);

-- Builds of which there are runs.
CREATE TABLE gate.qa_builds (
  service text COLLATE "C" NOT NULL,
  build text COLLATE "C" NOT NULL,
  newest timestamptz NOT NULL,                 -- the latest finish_time of its runs
  PRIMARY KEY (service, build)
);
CREATE INDEX qa_builds_by_newest ON gate.qa_builds (service, newest, build);

-- Flags that have to stay off: of each service and ticket the one of the newest verdict.
CREATE TABLE gate.flag_watches (
  environment text COLLATE "C" NOT NULL,
  flag text COLLATE "C" NOT NULL,
  service text COLLATE "C" NOT NULL,
  ticket text COLLATE "C" NOT NULL,
  build text COLLATE "C" NOT NULL,
  create_time timestamptz NOT NULL,
  verdict text COLLATE "C" NOT NULL,           -- verdicts.id
  watch bytea NOT NULL,                        -- gate.v1.FlagWatch
  PRIMARY KEY (environment, flag, service, ticket)
);
CREATE INDEX flag_watches_by_build ON gate.flag_watches (service, build);

-- Runs are forgotten when their time is up, and never changed.
CREATE TRIGGER qa_runs_no_update BEFORE UPDATE ON gate.qa_runs
  FOR EACH STATEMENT EXECUTE FUNCTION gate.refuse_update();
CREATE FUNCTION gate.refuse_delete() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% are not deleted', TG_TABLE_NAME USING ERRCODE = 'object_not_in_prerequisite_state';
END $$;
CREATE TRIGGER flag_watches_no_delete BEFORE DELETE OR TRUNCATE ON gate.flag_watches
  FOR EACH STATEMENT EXECUTE FUNCTION gate.refuse_delete();
