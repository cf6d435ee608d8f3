DROP TABLE orders, shop.items CASCADE;
DROP VIEW recent_orders;
