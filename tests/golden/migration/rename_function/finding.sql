ALTER FUNCTION total(int) RENAME TO order_total;
ALTER FUNCTION shop.price SET SCHEMA public;
