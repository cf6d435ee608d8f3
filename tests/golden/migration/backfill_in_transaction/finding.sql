-- schema: CREATE TABLE orders (id int PRIMARY KEY, total int, note text); CREATE TABLE users (id int);
BEGIN;
ALTER TABLE orders ADD COLUMN cents bigint;
UPDATE orders SET cents = total * 100 WHERE cents IS NULL;
UPDATE orders SET note = 'x' WHERE id = 7;
COMMIT;
