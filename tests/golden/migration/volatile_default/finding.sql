-- schema: CREATE TABLE orders (id int); CREATE FUNCTION token() RETURNS text LANGUAGE sql AS 'SELECT random()::text'; CREATE DOMAIN positive AS int CHECK (VALUE > 0);
ALTER TABLE orders ADD COLUMN token uuid NOT NULL DEFAULT gen_random_uuid(), ADD COLUMN seen timestamptz DEFAULT clock_timestamp();
ALTER TABLE orders ADD COLUMN line serial;
ALTER TABLE orders ADD COLUMN number bigint GENERATED ALWAYS AS IDENTITY;
ALTER TABLE orders ADD COLUMN twice int GENERATED ALWAYS AS (id * 2) STORED;
ALTER TABLE orders ADD COLUMN key text DEFAULT lower(token());
ALTER TABLE orders ADD COLUMN total positive;
