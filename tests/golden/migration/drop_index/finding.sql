-- schema: CREATE TABLE orders (id int, user_id int); CREATE INDEX orders_user_idx ON orders (user_id);
DROP INDEX orders_user_idx;
ALTER TABLE orders ADD COLUMN note text;
