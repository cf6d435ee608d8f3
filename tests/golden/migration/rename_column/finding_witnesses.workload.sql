UPDATE orders SET note = $1 WHERE id = $2;
INSERT INTO orders VALUES ($1, $2);
