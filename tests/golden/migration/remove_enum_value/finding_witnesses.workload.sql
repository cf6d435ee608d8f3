SELECT id FROM orders WHERE state = 'done'::state;
UPDATE orders SET state = $1 WHERE id = $2;
UPDATE orders SET note = $1 WHERE id = $2;
UPDATE bills SET state = $1;
