-- Changes on their way, one row each.
CREATE TABLE gate.rollouts (
  id text COLLATE "C" PRIMARY KEY,             -- what follows "rollouts/" in the name
  create_time timestamptz NOT NULL,
  service text COLLATE "C" NOT NULL,
  environment text COLLATE "C" NOT NULL,
  active smallint NOT NULL,                    -- 0 once it has ended
  version bigint NOT NULL,                     -- grows by one with each write
  write_id text COLLATE "C" NOT NULL,          -- of the newest write, so that who repeats it knows it
  due_time timestamptz NOT NULL,               -- when it is to be judged next
  claimed_by text COLLATE "C" NOT NULL,        -- the replica that does; empty: none
  claimed_until timestamptz NOT NULL,
  change text COLLATE "C" NOT NULL,            -- gate.blobs.digest of the whole change
  rollout bytea NOT NULL                       -- gate.v1.Rollout
);

-- Of a service in an environment one moves at a time.
CREATE UNIQUE INDEX rollouts_one_active ON gate.rollouts (service, environment) WHERE active = 1;
CREATE INDEX rollouts_by_due ON gate.rollouts (due_time) WHERE active = 1;
CREATE INDEX rollouts_by_time ON gate.rollouts (active, create_time, id);
CREATE INDEX rollouts_by_service ON gate.rollouts (service, active, create_time, id);
CREATE INDEX rollouts_by_environment ON gate.rollouts (environment, active, create_time, id);
CREATE INDEX rollouts_by_service_and_environment
  ON gate.rollouts (service, environment, active, create_time, id);

-- The newest fencing token of each service and environment: it only ever grows.
CREATE TABLE gate.leases (
  service text COLLATE "C" NOT NULL,
  environment text COLLATE "C" NOT NULL,
  token bigint NOT NULL,
  PRIMARY KEY (service, environment)
);

-- Calls that took a lease.
CREATE TABLE gate.rollout_requests (
  request_id text COLLATE "C" PRIMARY KEY,
  request_digest text COLLATE "C" NOT NULL,    -- SHA-256 of the request without its id
  rollout text COLLATE "C" NOT NULL,           -- gate.rollouts.id
  token bigint NOT NULL,
  create_time timestamptz NOT NULL
);

-- What happened to rollouts, for those who watch.
CREATE TABLE gate.rollout_events (
  rollout text COLLATE "C" NOT NULL,           -- gate.rollouts.id
  sequence bigint NOT NULL,                    -- from 1
  event bytea NOT NULL,                        -- gate.v1.WatchRolloutResponse
  PRIMARY KEY (rollout, sequence)
);

CREATE FUNCTION gate.keep_tokens_growing() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF new.token <= old.token THEN
    RAISE EXCEPTION 'fencing tokens only grow' USING ERRCODE = 'object_not_in_prerequisite_state';
  END IF;
  RETURN new;
END $$;
CREATE TRIGGER leases_only_grow BEFORE UPDATE ON gate.leases
  FOR EACH ROW EXECUTE FUNCTION gate.keep_tokens_growing();
CREATE TRIGGER leases_no_delete BEFORE DELETE OR TRUNCATE ON gate.leases
  FOR EACH STATEMENT EXECUTE FUNCTION gate.refuse_change();
CREATE TRIGGER rollouts_no_delete BEFORE DELETE OR TRUNCATE ON gate.rollouts
  FOR EACH STATEMENT EXECUTE FUNCTION gate.refuse_change();
CREATE TRIGGER rollout_events_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON gate.rollout_events
  FOR EACH STATEMENT EXECUTE FUNCTION gate.refuse_change();
