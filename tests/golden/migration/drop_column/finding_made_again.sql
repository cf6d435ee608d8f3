-- schema: CREATE TABLE orders (id bigint PRIMARY KEY, note text, state text);
BEGIN;
ALTER TABLE orders DROP COLUMN note, ADD COLUMN note text;
COMMIT;
-- In a transaction of its own there is a moment without it.
ALTER TABLE orders DROP COLUMN state;
ALTER TABLE orders ADD COLUMN state text;
