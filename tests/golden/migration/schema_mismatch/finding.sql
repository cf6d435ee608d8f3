-- schema: CREATE TABLE orders (id bigint PRIMARY KEY, note text); CREATE VIEW notes AS SELECT note FROM orders;
ALTER TABLE orders DROP COLUMN notes;
CREATE TABLE orders (id bigint);
ALTER TABLE orders ADD COLUMN note text;
