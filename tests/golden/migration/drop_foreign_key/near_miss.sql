-- schema: CREATE TABLE users (id int PRIMARY KEY); CREATE TABLE orders (id int, user_id int REFERENCES users ON DELETE CASCADE, kind int REFERENCES kinds); CREATE INDEX orders_user ON orders (user_id); CREATE TABLE carts (user_id int REFERENCES users ON DELETE CASCADE);
BEGIN;
ALTER TABLE orders DROP CONSTRAINT orders_kind_fkey, DROP CONSTRAINT orders_user_id_fkey;
ALTER TABLE orders ADD CONSTRAINT orders_users FOREIGN KEY (user_id) REFERENCES users ON DELETE CASCADE NOT VALID;
COMMIT;
