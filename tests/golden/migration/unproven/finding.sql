ALTR TABLE orders;
SELECT 'größe' form orders;
DO $$ BEGIN EXECUTE 'DROP TABLE orders'; END $$;
SELECT rebuild_everything();
\i tables.sql
COPY orders FROM STDIN;
1	it's
\.
ALTER TABLE orders ADD CONSTRAINT orders_user_fk FOREIGN KEY (user_id) REFERENCES users NOT VALID;
ALTER TYPE state RENAME VALUE 'new' TO 'open';
TRUNCATE orders;
DELETE FROM orders;
DROP FUNCTION total();
DROP INDEX orders_user_idx;
REVOKE SELECT ON orders FROM app;
SELECT 'never closed;
DROP TABLE orders;
