-- schema: CREATE TABLE orders (id bigint); CREATE VIEW open_orders AS SELECT id FROM orders; CREATE VIEW counts AS SELECT count(*) FROM open_orders;
DROP TABLE orders CASCADE;
