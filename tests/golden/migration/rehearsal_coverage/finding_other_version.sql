-- schema: CREATE TABLE orders (id bigint PRIMARY KEY, note text);
-- postgres: 17
ALTER TABLE orders DROP COLUMN note;
