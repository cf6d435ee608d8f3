-- schema: CREATE TABLE users (id int PRIMARY KEY); CREATE TABLE orders (id int PRIMARY KEY, user_id int, kind int); CREATE INDEX orders_kind_user ON orders (kind, user_id);
ALTER TABLE orders ADD FOREIGN KEY (user_id) REFERENCES users NOT VALID;
