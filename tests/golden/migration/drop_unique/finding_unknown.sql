ALTER TABLE orders DROP CONSTRAINT orders_number;
DROP INDEX IF EXISTS orders_user;
