-- no-transaction
VACUUM orders;
VACUUM ANALYZE;
ALTER TABLE orders CLUSTER ON orders_pkey, SET (fillfactor = 90);
ALTER TABLE orders ALTER COLUMN note SET STORAGE external, ALTER COLUMN note SET STATISTICS 500;
ALTER TABLE orders REPLICA IDENTITY FULL;
CREATE TABLE invoices (id int);
CLUSTER invoices USING invoices_pkey;
ALTER TABLE invoices SET UNLOGGED;
