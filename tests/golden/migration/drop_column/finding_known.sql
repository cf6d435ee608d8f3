-- schema: CREATE TABLE orders (id bigint, note text);
ALTER TABLE orders DROP COLUMN note;
