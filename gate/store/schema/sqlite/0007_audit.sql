-- Who did what, and what came of it. Rows are only ever added.
CREATE TABLE audit (
  sequence INTEGER PRIMARY KEY AUTOINCREMENT,
  time INTEGER NOT NULL,           -- microseconds since 1970, UTC
  actor TEXT NOT NULL,             -- "spiffe://…", "dns:…", "token:…", "open:…", "gate", "nobody"
  action TEXT NOT NULL,            -- "gate.v1.Rollouts.Start", "policy.load"
  resource TEXT NOT NULL,          -- "rollouts/…"; as the others below empty where there is none
  service TEXT NOT NULL,
  environment TEXT NOT NULL,
  outcome TEXT NOT NULL,           -- "ALLOW", "HOLD", "BLOCK", "DONE", "DENIED"
  detail TEXT NOT NULL,
  request_id TEXT NOT NULL
) STRICT;

CREATE INDEX audit_by_service ON audit (service, sequence);
CREATE INDEX audit_by_actor ON audit (actor, sequence);
CREATE INDEX audit_by_resource ON audit (resource, sequence);
-- The few rows among the many of verdicts that are asked for by what they are.
CREATE INDEX audit_denied ON audit (sequence) WHERE outcome = 'DENIED';
CREATE INDEX audit_policies ON audit (sequence) WHERE action = 'policy.load';

CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
