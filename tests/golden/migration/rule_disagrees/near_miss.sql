-- postgres: 15
-- schema: CREATE TABLE orders (id bigint, note varchar(20));
ALTER TABLE orders ADD COLUMN region text;
