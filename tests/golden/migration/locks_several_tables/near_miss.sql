-- no-transaction
ALTER TABLE orders ADD COLUMN note text;
ALTER TABLE users ADD COLUMN note text;
BEGIN;
CREATE TABLE invoices (id int);
ALTER TABLE invoices ADD COLUMN note text;
ALTER TABLE orders ADD COLUMN total int;
ALTER TABLE orders ADD COLUMN cents int;
COMMIT;
