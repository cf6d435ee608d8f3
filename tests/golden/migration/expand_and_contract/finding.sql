-- schema: CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint NOT NULL, note text);
ALTER TABLE orders ADD COLUMN customer_id bigint NOT NULL, DROP COLUMN note;
UPDATE orders SET customer_id = user_id;
CREATE INDEX orders_customer ON orders (customer_id);
ALTER TABLE orders DROP COLUMN user_id;
