-- schema: CREATE TABLE orders (id int PRIMARY KEY, total int); CREATE TABLE lines (order_id int CHECK (order_id > 0)); ALTER TABLE orders ADD CONSTRAINT positive CHECK (total > 0) NOT VALID; ALTER TABLE lines ADD CONSTRAINT lines_order_fk FOREIGN KEY (order_id) REFERENCES orders NOT VALID;
BEGIN;
ALTER TABLE orders ADD COLUMN note text;
ALTER TABLE orders VALIDATE CONSTRAINT positive;
COMMIT;
