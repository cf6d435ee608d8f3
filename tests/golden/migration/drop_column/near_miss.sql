-- Neither the table nor the column was there before this release.
CREATE TABLE invoices (id bigint PRIMARY KEY, draft text);
ALTER TABLE invoices DROP COLUMN draft;
ALTER TABLE orders ADD COLUMN scratch int;
ALTER TABLE orders DROP COLUMN scratch;
ALTER TABLE invoices RENAME TO bills;
ALTER TABLE public.bills DROP COLUMN id;
