-- schema: CREATE TABLE orders (id int PRIMARY KEY, code text UNIQUE);
ALTER TABLE orders RENAME CONSTRAINT orders_code_key TO orders_code_unique;
ALTER TABLE users RENAME CONSTRAINT users_email_key TO users_email_unique;
