-- Who did what, and what came of it. Rows are only ever added.
CREATE TABLE gate.audit (
  sequence bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  time timestamptz NOT NULL,
  actor text COLLATE "C" NOT NULL,             -- "spiffe://…", "dns:…", "token:…", "open:…", "gate", "nobody"
  action text COLLATE "C" NOT NULL,            -- "gate.v1.Rollouts.Start", "policy.load"
  resource text COLLATE "C" NOT NULL,          -- "rollouts/…"; as the others below empty where there is none
  service text COLLATE "C" NOT NULL,
  environment text COLLATE "C" NOT NULL,
  outcome text COLLATE "C" NOT NULL,           -- "ALLOW", "HOLD", "BLOCK", "DONE", "DENIED"
  detail text COLLATE "C" NOT NULL,
  request_id text COLLATE "C" NOT NULL
);

CREATE INDEX audit_by_service ON gate.audit (service, sequence);
CREATE INDEX audit_by_actor ON gate.audit (actor, sequence);
CREATE INDEX audit_by_resource ON gate.audit (resource, sequence);
-- The few rows among the many of verdicts that are asked for by what they are.
CREATE INDEX audit_denied ON gate.audit (sequence) WHERE outcome = 'DENIED';
CREATE INDEX audit_policies ON gate.audit (sequence) WHERE action = 'policy.load';

CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON gate.audit
  FOR EACH STATEMENT EXECUTE FUNCTION gate.refuse_change();
