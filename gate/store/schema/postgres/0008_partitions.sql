-- Verdicts, evidence and the audit log by month, so that old months can be dropped as a whole.
--
-- The tables of before become the first partition of each (0009), under their own names and with all of
-- their indexes: no row moves, and a replica of the version before goes on writing into them until
-- `partitions_from`. What takes a lock that stops writers here takes it for a moment, and gives up
-- after some seconds of waiting for it: then gated does not start, and starting it again goes on.
--
-- `gatectl lint migrations` says UNPROVEN of the DO blocks, here and in 0009, and of DROP IDENTITY. A
-- partition's bound, and the CHECK that proves it, have to be constants, and which month it is differs
-- from database to database: so these statements are texts that are made here. What they do is tried
-- under a version that goes on writing by tests/store/upgrade_test.cc. The default that goes with the
-- identity is there again in the same statement.
SET LOCAL lock_timeout = '5s';

-- From when on there are partitions by month; before it there is the first one. A month or two away,
-- so that replicas of the version before can be replaced meanwhile.
CREATE TABLE gate.keeping (
  one smallint PRIMARY KEY CHECK (one = 1),
  partitions_from timestamptz NOT NULL
);
INSERT INTO gate.keeping
  VALUES (1, (date_trunc('month', now() AT TIME ZONE 'UTC') + interval '2 months') AT TIME ZONE 'UTC');

-- Which request got which verdict, and when. A unique index of a partitioned table has to begin with
-- the time, so that this table is what keeps ids and request ids unique, over all partitions. What was
-- written before it was there is not in it: that is kept unique by gate.verdicts.
CREATE TABLE gate.verdict_keys (
  id text COLLATE "C" PRIMARY KEY,             -- all_verdicts.id
  request_id text COLLATE "C" NOT NULL UNIQUE,
  create_time timestamptz NOT NULL             -- all_verdicts.create_time
);
CREATE INDEX verdict_keys_by_time ON gate.verdict_keys USING brin (create_time);

-- As gate.verdicts.
CREATE TABLE gate.all_verdicts (
  id text COLLATE "C" NOT NULL,
  request_id text COLLATE "C" NOT NULL,
  request_digest text COLLATE "C" NOT NULL,
  create_time timestamptz NOT NULL,
  service text COLLATE "C" NOT NULL,
  environment text COLLATE "C" NOT NULL,
  decision smallint NOT NULL,
  verdict bytea NOT NULL
) PARTITION BY RANGE (create_time);
CREATE INDEX all_verdicts_by_decision
  ON gate.all_verdicts (decision, create_time, id);
CREATE INDEX all_verdicts_by_service
  ON gate.all_verdicts (service, decision, create_time, id);
CREATE INDEX all_verdicts_by_environment
  ON gate.all_verdicts (environment, decision, create_time, id);
CREATE INDEX all_verdicts_by_service_and_environment
  ON gate.all_verdicts (service, environment, decision, create_time, id);

-- As gate.blobs. Content is stored once in each month in which something points to it: so a month
-- of verdicts and its evidence go together, and nobody has to look for what still points where.
CREATE TABLE gate.all_blobs (
  digest text COLLATE "C" NOT NULL,
  content bytea NOT NULL,
  month timestamptz NOT NULL                   -- the beginning of it, UTC
) PARTITION BY RANGE (month);
ALTER TABLE gate.all_blobs ALTER COLUMN content SET STORAGE EXTERNAL;

-- As gate.audit.
CREATE SEQUENCE gate.audit_order;
CREATE TABLE gate.all_audit (
  sequence bigint NOT NULL DEFAULT nextval('gate.audit_order'),
  time timestamptz NOT NULL,
  actor text COLLATE "C" NOT NULL,
  action text COLLATE "C" NOT NULL,
  resource text COLLATE "C" NOT NULL,
  service text COLLATE "C" NOT NULL,
  environment text COLLATE "C" NOT NULL,
  outcome text COLLATE "C" NOT NULL,
  detail text COLLATE "C" NOT NULL,
  request_id text COLLATE "C" NOT NULL
) PARTITION BY RANGE (time);
CREATE INDEX all_audit_by_service ON gate.all_audit (service, sequence);
CREATE INDEX all_audit_by_actor ON gate.all_audit (actor, sequence);
CREATE INDEX all_audit_by_resource ON gate.all_audit (resource, sequence);
CREATE INDEX all_audit_denied ON gate.all_audit (sequence) WHERE outcome = 'DENIED';
CREATE INDEX all_audit_policies ON gate.all_audit (sequence) WHERE action = 'policy.load';

-- Triggers of statements are those of the table that the statement names.
CREATE TRIGGER all_verdicts_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON gate.all_verdicts
  FOR EACH STATEMENT EXECUTE FUNCTION gate.refuse_change();
CREATE TRIGGER all_blobs_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON gate.all_blobs
  FOR EACH STATEMENT EXECUTE FUNCTION gate.refuse_change();
CREATE TRIGGER all_audit_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON gate.all_audit
  FOR EACH STATEMENT EXECUTE FUNCTION gate.refuse_change();
CREATE TRIGGER verdict_keys_no_change BEFORE UPDATE OR TRUNCATE ON gate.verdict_keys
  FOR EACH STATEMENT EXECUTE FUNCTION gate.refuse_change();

-- What no month takes, because nobody made one: rows are never refused for want of a partition.
CREATE TABLE gate.verdicts_default PARTITION OF gate.all_verdicts (PRIMARY KEY (id)) DEFAULT;
CREATE TABLE gate.blobs_default PARTITION OF gate.all_blobs (PRIMARY KEY (month, digest)) DEFAULT;
CREATE TABLE gate.audit_default PARTITION OF gate.all_audit (PRIMARY KEY (sequence)) DEFAULT;
CREATE TRIGGER verdicts_default_no_change BEFORE UPDATE OR TRUNCATE ON gate.verdicts_default
  FOR EACH STATEMENT EXECUTE FUNCTION gate.refuse_change();
CREATE TRIGGER blobs_default_no_change BEFORE UPDATE OR TRUNCATE ON gate.blobs_default
  FOR EACH STATEMENT EXECUTE FUNCTION gate.refuse_change();
CREATE TRIGGER audit_default_no_change BEFORE UPDATE OR TRUNCATE ON gate.audit_default
  FOR EACH STATEMENT EXECUTE FUNCTION gate.refuse_change();

-- The tables of before take no row behind their end. New rows are checked from now on, those that are
-- there in 0009. A bound has to be a constant, so it is put into the text. In the order in which
-- writers take them, so that nobody waits in a circle.
DO $$
DECLARE
  bound timestamptz := (SELECT partitions_from FROM gate.keeping);
BEGIN
  -- A constant default rewrites no row. All that was stored so far counts as of this month.
  EXECUTE format('ALTER TABLE gate.blobs ADD COLUMN month timestamptz NOT NULL DEFAULT %L',
                 date_trunc('month', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC');
  EXECUTE format('ALTER TABLE gate.blobs ADD CONSTRAINT blobs_are_of_before'
                 ' CHECK (month < %L::timestamptz) NOT VALID', bound);
  EXECUTE format('ALTER TABLE gate.verdicts ADD CONSTRAINT verdicts_are_of_before'
                 ' CHECK (create_time < %L::timestamptz) NOT VALID', bound);
  EXECUTE format('ALTER TABLE gate.audit ADD CONSTRAINT audit_is_of_before'
                 ' CHECK (time < %L::timestamptz) NOT VALID', bound);
END $$;

-- One order for all partitions; an identity would be one for each of them. Nobody writes into
-- gate.audit any more: the constraint above has locked it.
SELECT setval('gate.audit_order', (SELECT coalesce(max(sequence), 0) + 1 FROM gate.audit), false);
ALTER TABLE gate.audit ALTER COLUMN sequence DROP IDENTITY,
  ALTER COLUMN sequence SET DEFAULT nextval('gate.audit_order');
