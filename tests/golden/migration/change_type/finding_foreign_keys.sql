-- schema: CREATE TABLE orders (id int PRIMARY KEY, user_id int REFERENCES users); CREATE TABLE lines (order_id int REFERENCES orders, note text);
ALTER TABLE orders ALTER COLUMN id TYPE bigint;
ALTER TABLE lines ALTER COLUMN order_id TYPE bigint;
