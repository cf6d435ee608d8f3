DROP SEQUENCE order_numbers;
DROP SEQUENCE IF EXISTS shop.carts_id_seq CASCADE;
