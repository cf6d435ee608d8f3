-- schema: CREATE TABLE orders (id int PRIMARY KEY, total int, cents bigint, note text); CREATE TABLE users (id int);
BEGIN;
UPDATE orders SET cents = total * 100 WHERE cents IS NULL;
ALTER TABLE orders ADD COLUMN code text;
INSERT INTO orders VALUES (1, 2, 3, 'x');
CREATE TABLE lines (order_id int);
INSERT INTO lines VALUES (1);
COMMIT;
UPDATE orders SET note = '' WHERE note IS NULL;
