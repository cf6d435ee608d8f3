-- Metrics that services report, one row for each metric of a service in an environment.
CREATE TABLE reported_series (
  id INTEGER PRIMARY KEY,
  service TEXT NOT NULL,
  environment TEXT NOT NULL,
  metric TEXT NOT NULL,
  kind INTEGER NOT NULL,           -- number in the enum gate.v1.MetricKind
  step INTEGER NOT NULL,           -- microseconds
  points INTEGER NOT NULL,         -- rows in reported_points
  newest INTEGER NOT NULL,         -- the latest time of a point
  UNIQUE (service, environment, metric, kind, step)
) STRICT;
CREATE INDEX reported_series_by_newest ON reported_series (newest);

-- What one cohort did in the interval that ends at `time`.
CREATE TABLE reported_points (
  series INTEGER NOT NULL,         -- reported_series.id
  time INTEGER NOT NULL,           -- microseconds since 1970, UTC
  cohort TEXT NOT NULL,
  content BLOB NOT NULL,           -- gate.v1.CohortPoint
  PRIMARY KEY (series, time, cohort)
) STRICT, WITHOUT ROWID;

-- Reports that were taken.
CREATE TABLE reported_requests (
  request_id TEXT PRIMARY KEY,
  request_digest TEXT NOT NULL,    -- SHA-256 of the report without its id, hexadecimal
  create_time INTEGER NOT NULL     -- microseconds since 1970, UTC
) STRICT, WITHOUT ROWID;
CREATE INDEX reported_requests_by_time ON reported_requests (create_time);

-- Points are forgotten when their time is up, and never changed.
CREATE TRIGGER reported_points_no_update BEFORE UPDATE ON reported_points
BEGIN SELECT RAISE(ABORT, 'reported points do not change'); END;
