-- no-transaction
-- schema: CREATE TABLE orders (id int, user_id int); CREATE INDEX orders_user_idx ON orders (user_id);
REINDEX TABLE orders;
REINDEX INDEX orders_user_idx;
REINDEX SCHEMA shop;
