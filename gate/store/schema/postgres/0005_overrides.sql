-- Exceptions that people make to findings, one row each.
CREATE TABLE gate.overrides (
  id text COLLATE "C" PRIMARY KEY,             -- what follows "overrides/" in the name
  create_time timestamptz NOT NULL,
  service text COLLATE "C" NOT NULL,
  environment text COLLATE "C" NOT NULL,
  subject text COLLATE "C" NOT NULL,           -- the artefact's digest, or "revision:" and the head revision
  state smallint NOT NULL,                     -- gate.v1.OverrideState; what has expired says expire_time alone
  expire_time timestamptz NOT NULL,
  awaiting_review smallint NOT NULL,           -- 1: the glass was broken, and nobody has looked at it
  consumed_by text COLLATE "C" NOT NULL,       -- the verdict or rollout that did; empty: none has
  consume_time timestamptz NOT NULL,           -- 1970 where none has
  version bigint NOT NULL,                     -- grows by one with each write
  override bytea NOT NULL                      -- gate.v1.Override, without what the columns say
);

CREATE INDEX overrides_by_subject ON gate.overrides (service, environment, subject);
CREATE INDEX overrides_by_time ON gate.overrides (create_time, id);
CREATE INDEX overrides_by_service ON gate.overrides (service, create_time, id);
CREATE INDEX overrides_by_environment ON gate.overrides (environment, create_time, id);
CREATE INDEX overrides_by_review ON gate.overrides (create_time, id) WHERE awaiting_review = 1;

-- Calls that wrote one.
CREATE TABLE gate.override_requests (
  request_id text COLLATE "C" PRIMARY KEY,
  request_digest text COLLATE "C" NOT NULL,    -- SHA-256 of the request without its id
  override text COLLATE "C" NOT NULL,          -- gate.overrides.id
  create_time timestamptz NOT NULL
);

CREATE FUNCTION gate.keep_consumption() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF old.consumed_by <> '' AND (new.consumed_by <> old.consumed_by OR new.state <> old.state) THEN
    RAISE EXCEPTION 'an override is consumed once' USING ERRCODE = 'object_not_in_prerequisite_state';
  END IF;
  RETURN new;
END $$;
CREATE TRIGGER overrides_are_consumed_once BEFORE UPDATE ON gate.overrides
  FOR EACH ROW EXECUTE FUNCTION gate.keep_consumption();
CREATE TRIGGER overrides_no_delete BEFORE DELETE OR TRUNCATE ON gate.overrides
  FOR EACH STATEMENT EXECUTE FUNCTION gate.refuse_change();
