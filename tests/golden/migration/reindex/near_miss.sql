-- no-transaction
REINDEX TABLE CONCURRENTLY orders;
REINDEX (CONCURRENTLY, VERBOSE) INDEX orders_user_idx;
CREATE TABLE invoices (id int);
REINDEX TABLE invoices;
ANALYZE orders;
