-- schema: CREATE TABLE users (id int PRIMARY KEY); CREATE TABLE kinds (id int PRIMARY KEY); CREATE TABLE orders (id int, user_id int REFERENCES users ON DELETE CASCADE, kind int REFERENCES kinds ON UPDATE CASCADE);
ALTER TABLE orders DROP CONSTRAINT orders_user_id_fkey, DROP CONSTRAINT orders_kind_fkey;
