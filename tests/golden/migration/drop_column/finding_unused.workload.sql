SELECT id FROM orders WHERE user_id = $1;
INSERT INTO orders (id, user_id) VALUES ($1, $2);
