SELECT * FROM orders WHERE note = $1;
