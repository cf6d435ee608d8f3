SELECT id, total FROM orders;
SELECT id FROM orders WHERE total > $1;
UPDATE orders SET total = $1;
SELECT note FROM orders;
