-- no-transaction
ALTER TABLE orders ADD COLUMN code text;
CREATE UNIQUE INDEX CONCURRENTLY orders_code ON orders (code);
ALTER TABLE orders ALTER COLUMN code SET DEFAULT gen_random_uuid()::text;
ALTER TABLE orders ADD COLUMN total int;
ALTER TABLE orders ALTER COLUMN total SET DEFAULT 1;
CREATE TABLE made (id int, total int CHECK (total > 0));
ALTER TABLE made ALTER COLUMN total SET DEFAULT -1;
