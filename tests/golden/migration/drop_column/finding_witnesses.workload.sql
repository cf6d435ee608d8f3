SELECT id, note
FROM orders
WHERE user_id = $1;  -- the list of a user's orders
SELECT o.id, u.name FROM orders o JOIN users u ON u.id = o.user_id WHERE o.id = $1;
INSERT INTO orders (id, user_id, note) VALUES ($1, $2, $3) RETURNING id;
SELECT * FROM orders WHERE id = $1;
