SELECT note FROM orders WHERE id = $1;
SELECT purchases.note FROM purchases;
