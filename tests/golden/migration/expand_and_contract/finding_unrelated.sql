-- schema: CREATE TABLE orders (id bigint PRIMARY KEY, note text);
ALTER TABLE orders DROP COLUMN note;
ALTER TABLE orders ADD COLUMN shipped_at timestamptz;
