-- schema: CREATE TABLE orders (id bigint, total int); CREATE VIEW sums AS SELECT total FROM orders;
DO $$ BEGIN
  EXECUTE 'ALTER TABLE orders ALTER total TYPE bigint';
END $$;
