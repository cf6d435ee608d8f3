CREATE TABLE invoices (id bigint);
ALTER TABLE invoices RENAME TO bills;
ALTER TABLE bills SET SCHEMA shop;
