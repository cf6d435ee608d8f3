CREATE SCHEMA scratch;
CREATE TABLE scratch.orders (id bigint);
CREATE VIEW scratch.open_orders AS SELECT id FROM scratch.orders;
DROP TABLE scratch.orders CASCADE;
DROP SCHEMA scratch CASCADE;
