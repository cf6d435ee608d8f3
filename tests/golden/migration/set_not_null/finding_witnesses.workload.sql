INSERT INTO orders (id) VALUES ($1);
UPDATE orders SET note = NULL WHERE id = $1;
UPDATE orders SET note = $1 WHERE id = $2;
UPDATE orders SET note = 'none' WHERE id = $1;
