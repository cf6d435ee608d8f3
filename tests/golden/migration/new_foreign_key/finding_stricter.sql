-- schema: CREATE TABLE orders (user_id bigint REFERENCES users ON DELETE CASCADE);
-- Old code deletes users that have orders.
ALTER TABLE orders DROP CONSTRAINT orders_user_id_fkey;
ALTER TABLE orders ADD CONSTRAINT orders_user_id_fkey FOREIGN KEY (user_id) REFERENCES users NOT VALID;
