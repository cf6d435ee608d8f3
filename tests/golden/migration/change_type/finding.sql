-- schema: CREATE TABLE orders (id integer, note varchar(20), total numeric(10,2), at timestamp);
ALTER TABLE orders ALTER COLUMN id TYPE bigint;
ALTER TABLE orders ALTER COLUMN note TYPE varchar(10), ALTER total TYPE numeric(12,4);
ALTER TABLE orders ALTER COLUMN at TYPE timestamptz USING at AT TIME ZONE 'UTC';
