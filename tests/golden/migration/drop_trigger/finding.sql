DROP TRIGGER IF EXISTS orders_sync ON shop.orders;
