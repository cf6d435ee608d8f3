SELECT o.id FROM orders AS o;
SELECT orders.id FROM users AS orders;
