CREATE TABLE invoices (id bigint);
ALTER TABLE invoices RENAME COLUMN id TO invoice_id;
ALTER TABLE orders ADD COLUMN sum numeric;
ALTER TABLE orders RENAME COLUMN sum TO total;
