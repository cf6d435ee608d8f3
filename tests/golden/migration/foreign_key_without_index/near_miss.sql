-- no-transaction
-- schema: CREATE TABLE users (id int PRIMARY KEY); CREATE TABLE orders (id int PRIMARY KEY, user_id int, kind int); CREATE INDEX orders_user ON orders (user_id, kind);
ALTER TABLE orders ADD COLUMN seller int;
CREATE INDEX CONCURRENTLY orders_seller ON orders (seller);
ALTER TABLE orders ADD CONSTRAINT sold FOREIGN KEY (seller) REFERENCES users (id) NOT VALID;
CREATE TABLE invoices (user_id int REFERENCES users);
