SELECT id FROM orders WHERE state = 'done'::state;
SELECT id FROM orders WHERE state = 'open'::state;
SELECT id FROM orders WHERE state = $1;
UPDATE orders SET state = $1 WHERE id = $2;
SELECT state FROM orders WHERE id = $1;
UPDATE orders SET note = $1 WHERE id = $2;
