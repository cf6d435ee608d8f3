-- schema: CREATE TABLE orders (id bigint PRIMARY KEY, number text UNIQUE, user_id bigint); CREATE UNIQUE INDEX orders_user ON orders (user_id) WHERE id > 0;
ALTER TABLE orders DROP CONSTRAINT orders_number_key;
DROP INDEX CONCURRENTLY orders_user;
ALTER TABLE orders DROP CONSTRAINT orders_pkey, ADD PRIMARY KEY (id, number);
