-- schema: CREATE TABLE orders (id bigint, number text); CREATE UNIQUE INDEX orders_id ON orders (id);
-- The index has bound writers before; NULL is refused only now.
ALTER TABLE orders ADD CONSTRAINT orders_pkey PRIMARY KEY USING INDEX orders_id;
