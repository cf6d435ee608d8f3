-- schema: CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint);
-- Old rows of a column that is new: all the same default, and NULLs that count as equal.
ALTER TABLE orders ADD COLUMN slot int NOT NULL DEFAULT 0, ADD COLUMN place int;
CREATE UNIQUE INDEX CONCURRENTLY orders_slot ON orders (user_id, slot);
CREATE UNIQUE INDEX CONCURRENTLY orders_place ON orders (place) NULLS NOT DISTINCT;
ALTER TABLE orders DROP CONSTRAINT orders_pkey, ADD PRIMARY KEY (id, user_id);
