-- schema: CREATE TYPE state AS ENUM ('open'); CREATE TABLE orders (id bigint PRIMARY KEY, state state, email text);
CREATE TABLE invoices (id bigint PRIMARY KEY);
ALTER TABLE orders ADD COLUMN remark text;
ALTER TYPE state ADD VALUE 'done';
CREATE UNIQUE INDEX CONCURRENTLY orders_email ON orders (email);
CREATE FUNCTION total() RETURNS bigint LANGUAGE sql AS 'SELECT 1';
