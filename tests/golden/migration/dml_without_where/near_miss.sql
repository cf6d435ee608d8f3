UPDATE orders SET cents = total * 100 WHERE cents IS NULL;
UPDATE orders SET name = users.name FROM users WHERE users.id = orders.user_id;
DELETE FROM carts USING orders WHERE orders.cart_id = carts.id;
CREATE TABLE invoices (id int);
UPDATE invoices SET id = 1;
DELETE FROM invoices;
