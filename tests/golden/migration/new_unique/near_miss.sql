-- schema: CREATE TABLE orders (id bigint PRIMARY KEY, number text NOT NULL UNIQUE, user_id bigint); CREATE UNIQUE INDEX orders_id ON orders (id, user_id);
CREATE TABLE invoices (id bigint, number text UNIQUE);
CREATE UNIQUE INDEX invoices_id ON invoices (id);
-- Old code leaves these NULL, or a sequence fills them.
ALTER TABLE orders ADD COLUMN slot int, ADD COLUMN token uuid;
ALTER TABLE orders ALTER COLUMN token SET DEFAULT gen_random_uuid();
CREATE UNIQUE INDEX CONCURRENTLY orders_slot ON orders (user_id, slot);
CREATE UNIQUE INDEX CONCURRENTLY orders_token ON orders (token);
-- No weaker than a key of before.
CREATE UNIQUE INDEX CONCURRENTLY orders_user_number ON orders (user_id, number);
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS orders_id ON orders (user_id);
ALTER TABLE orders ADD CONSTRAINT orders_id_user UNIQUE USING INDEX orders_id;
