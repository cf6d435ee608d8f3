-- schema: CREATE TABLE orders (number text UNIQUE);
CREATE UNIQUE INDEX CONCURRENTLY orders_number ON orders (number);
ALTER TABLE orders DROP CONSTRAINT orders_number_key;
