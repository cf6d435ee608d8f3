SELECT note FROM orders WHERE id = $1;
UPDATE orders SET user_id = $1 WHERE id = $2;
