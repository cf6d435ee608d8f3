\restrict abc
\echo done
INSERT INTO orders VALUES (1, 'a;b', E'it\'s; fine', $q$ DROP TABLE x; $q$); /* ; /* nested; */ */
SELECT pg_catalog.setval('orders_id_seq', 42);
COMMENT ON TABLE orders IS 'DROP TABLE orders;';
CREATE TABLE invoices (id bigint, user_id bigint REFERENCES users);
ALTER TABLE invoices ADD CONSTRAINT total CHECK (id > 0);
CREATE FUNCTION one() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; END;
CREATE INDEX invoices_id_idx ON invoices (id);
DROP INDEX invoices_id_idx;
GRANT SELECT ON orders TO app;
UPDATE orders SET note = '' WHERE note IS NULL;
