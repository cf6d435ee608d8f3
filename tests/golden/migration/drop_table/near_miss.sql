CREATE TABLE invoices (id bigint);
DROP TABLE IF EXISTS invoices;
CREATE TEMP TABLE scratch AS SELECT 1;
DROP TABLE scratch;
