-- schema: CREATE TABLE orders (id int);
DROP SEQUENCE IF EXISTS order_numbers;
ALTER SEQUENCE orders_id_seq RESTART WITH 1000;
