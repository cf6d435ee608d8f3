-- no-transaction
-- schema: CREATE TABLE drafts (a int) INHERITS (b); CREATE TABLE orders (id bigint, user_id bigint); CREATE INDEX orders_user ON orders (user_id);
CREATE TABLE invoices (id bigint, order_id bigint REFERENCES orders);
ALTER TABLE invoices ADD FOREIGN KEY (id) REFERENCES orders;
ALTER TABLE orders ADD COLUMN place_id int;
CREATE INDEX CONCURRENTLY orders_place ON orders (place_id);
ALTER TABLE orders ADD CONSTRAINT place FOREIGN KEY (place_id) REFERENCES places NOT VALID;
ALTER TABLE drafts ADD COLUMN place_id int REFERENCES places;
ALTER TABLE orders ADD CONSTRAINT places FOREIGN KEY (user_id, place_id) REFERENCES places NOT VALID;
