UPDATE orders SET cents = total * 100;
DELETE FROM carts;
