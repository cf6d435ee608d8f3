-- no-transaction
-- schema: CREATE TABLE orders (id int, user_id int); CREATE INDEX orders_user_idx ON orders (user_id);
DROP INDEX CONCURRENTLY orders_user_idx;
DROP INDEX IF EXISTS orders_total_idx;
CREATE TABLE invoices (id int);
CREATE INDEX invoices_id_idx ON invoices (id);
DROP INDEX invoices_id_idx;
