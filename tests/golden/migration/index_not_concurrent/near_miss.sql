-- schema: CREATE TABLE orders (id bigint NOT NULL, user_id bigint); CREATE UNIQUE INDEX orders_id_idx ON orders (id);
CREATE INDEX CONCURRENTLY orders_user_idx ON orders (user_id);
CREATE TABLE invoices (id bigint, number text UNIQUE);
CREATE INDEX invoices_id_idx ON invoices (id);
CREATE INDEX measurements_at ON ONLY measurements (at);
ALTER TABLE orders ADD CONSTRAINT orders_pkey PRIMARY KEY USING INDEX orders_id_idx;
