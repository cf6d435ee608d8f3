SELECT id FROM orders WHERE user_id = ?;
INSERT INTO orders (id, user_id) VALUES ($1, $2);
