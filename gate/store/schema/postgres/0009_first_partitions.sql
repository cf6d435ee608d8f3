-- The tables of before become the first partitions. Their rows are read once each, while others go on
-- reading and writing (SHARE UPDATE EXCLUSIVE); the proof then spares ATTACH to read them under its own
-- lock, which is held for a moment.
ALTER TABLE gate.verdicts VALIDATE CONSTRAINT verdicts_are_of_before;
ALTER TABLE gate.audit VALIDATE CONSTRAINT audit_is_of_before;
ALTER TABLE gate.blobs VALIDATE CONSTRAINT blobs_are_of_before;

SET LOCAL lock_timeout = '5s';
DO $$
DECLARE
  bound timestamptz := (SELECT partitions_from FROM gate.keeping);
BEGIN
  -- Indexes that are the same as the partitioned table's own become its parts; none is built.
  EXECUTE format('ALTER TABLE gate.all_blobs ATTACH PARTITION gate.blobs'
                 ' FOR VALUES FROM (MINVALUE) TO (%L)', bound);
  EXECUTE format('ALTER TABLE gate.all_verdicts ATTACH PARTITION gate.verdicts'
                 ' FOR VALUES FROM (MINVALUE) TO (%L)', bound);
  EXECUTE format('ALTER TABLE gate.all_audit ATTACH PARTITION gate.audit'
                 ' FOR VALUES FROM (MINVALUE) TO (%L)', bound);
END $$;
