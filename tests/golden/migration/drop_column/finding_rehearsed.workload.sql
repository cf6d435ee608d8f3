SELECT note FROM orders WHERE id = $1;
SELECT id FROM orders;
SELECT * FROM orders;
