-- schema: CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint);
BEGIN;
CREATE INDEX CONCURRENTLY orders_user_idx ON orders (user_id);
COMMIT;
