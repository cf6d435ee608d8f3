-- schema: CREATE TABLE orders (id int PRIMARY KEY, note text);
BEGIN;
ALTER TABLE orders RENAME COLUMN note TO old_note;
ALTER TABLE orders ADD COLUMN note varchar;
COMMIT;
