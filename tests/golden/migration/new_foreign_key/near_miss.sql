-- schema: CREATE TABLE orders (id bigint, user_id bigint);
CREATE TABLE invoices (id bigint, order_id bigint REFERENCES orders);
ALTER TABLE invoices ADD FOREIGN KEY (id) REFERENCES orders;
ALTER TABLE orders ADD COLUMN place_id int REFERENCES places;
ALTER TABLE orders ADD CONSTRAINT places FOREIGN KEY (user_id, place_id) REFERENCES places NOT VALID;
