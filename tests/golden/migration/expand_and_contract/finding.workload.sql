SELECT id, user_id FROM orders WHERE id = $1;
INSERT INTO orders (id, user_id, note) VALUES ($1, $2, $3);
