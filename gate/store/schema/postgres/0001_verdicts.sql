CREATE SCHEMA gate;

-- Which of these files have been applied to this database.
CREATE TABLE gate.schema_files (
  number integer PRIMARY KEY,
  name text NOT NULL,
  digest text NOT NULL,                        -- SHA-256 of the file, hexadecimal
  apply_time timestamptz NOT NULL DEFAULT now()
);

-- What verdicts point to, stored once: observations and policies.
CREATE TABLE gate.blobs (
  digest text COLLATE "C" PRIMARY KEY,         -- SHA-256 of what is compressed in content
  content bytea NOT NULL                       -- a zstd frame
);
ALTER TABLE gate.blobs ALTER COLUMN content SET STORAGE EXTERNAL;  -- compressed already

CREATE TABLE gate.verdicts (
  id text COLLATE "C" PRIMARY KEY,             -- what follows "verdicts/" in the name
  request_id text COLLATE "C" NOT NULL UNIQUE,
  request_digest text COLLATE "C" NOT NULL,    -- SHA-256 of the request without its id
  create_time timestamptz NOT NULL,
  service text COLLATE "C" NOT NULL,
  environment text COLLATE "C" NOT NULL,
  decision smallint NOT NULL,                  -- number in the enum gate.v1.Decision
  verdict bytea NOT NULL                       -- gate.v1.Verdict
);

-- One for each set of columns that a listing may fix, in the order in which it is read.
CREATE INDEX verdicts_by_decision
  ON gate.verdicts (decision, create_time, id);
CREATE INDEX verdicts_by_service
  ON gate.verdicts (service, decision, create_time, id);
CREATE INDEX verdicts_by_environment
  ON gate.verdicts (environment, decision, create_time, id);
CREATE INDEX verdicts_by_service_and_environment
  ON gate.verdicts (service, environment, decision, create_time, id);

CREATE FUNCTION gate.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% are append-only', TG_TABLE_NAME USING ERRCODE = 'object_not_in_prerequisite_state';
END $$;
CREATE TRIGGER verdicts_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON gate.verdicts
  FOR EACH STATEMENT EXECUTE FUNCTION gate.refuse_change();
CREATE TRIGGER blobs_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON gate.blobs
  FOR EACH STATEMENT EXECUTE FUNCTION gate.refuse_change();
