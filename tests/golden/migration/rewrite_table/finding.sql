-- no-transaction
CLUSTER orders USING orders_pkey;
VACUUM (FULL) orders, users;
VACUUM FULL;
ALTER TABLE orders SET LOGGED;
ALTER TABLE orders SET TABLESPACE fast, SET ACCESS METHOD heap;
ALTER TABLE sessions SET UNLOGGED;
