-- Metrics that services report, one row for each metric of a service in an environment.
CREATE TABLE gate.reported_series (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  service text COLLATE "C" NOT NULL,
  environment text COLLATE "C" NOT NULL,
  metric text COLLATE "C" NOT NULL,
  kind smallint NOT NULL,                      -- number in the enum gate.v1.MetricKind
  step bigint NOT NULL,                        -- microseconds
  points bigint NOT NULL,                      -- rows in reported_points
  newest timestamptz NOT NULL,                 -- the latest time of a point
  UNIQUE (service, environment, metric, kind, step)
);
CREATE INDEX reported_series_by_newest ON gate.reported_series (newest);

-- What one cohort did in the interval that ends at `time`.
CREATE TABLE gate.reported_points (
  series bigint NOT NULL,                      -- reported_series.id
  time timestamptz NOT NULL,
  cohort text COLLATE "C" NOT NULL,
  content bytea NOT NULL,                      -- gate.v1.CohortPoint
  PRIMARY KEY (series, time, cohort)
);

-- Reports that were taken.
CREATE TABLE gate.reported_requests (
  request_id text COLLATE "C" PRIMARY KEY,
  request_digest text COLLATE "C" NOT NULL,    -- SHA-256 of the report without its id
  create_time timestamptz NOT NULL
);
CREATE INDEX reported_requests_by_time ON gate.reported_requests (create_time);

-- Points are forgotten when their time is up, and never changed.
CREATE FUNCTION gate.refuse_update() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% do not change', TG_TABLE_NAME USING ERRCODE = 'object_not_in_prerequisite_state';
END $$;
CREATE TRIGGER reported_points_no_update BEFORE UPDATE ON gate.reported_points
  FOR EACH STATEMENT EXECUTE FUNCTION gate.refuse_update();
