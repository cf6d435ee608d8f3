SELECT id, note FROM orders;
SELECT id FROM orders WHERE note = $1;
