-- no-transaction
ALTER TABLE orders ADD COLUMN code text;
CREATE UNIQUE INDEX CONCURRENTLY orders_code ON orders (code);
ALTER TABLE orders ALTER COLUMN code SET DEFAULT 'none';
ALTER TABLE orders ADD COLUMN total int;
ALTER TABLE orders ADD CONSTRAINT total_positive CHECK (total > 0) NOT VALID;
ALTER TABLE orders ALTER COLUMN total SET DEFAULT -1;
