SELECT note FROM orders WHERE id = $1;
