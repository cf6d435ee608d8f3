ALTER TABLE orders ADD COLUMN note text;
ALTER TABLE orders ADD COLUMN currency text NOT NULL DEFAULT 'EUR';
CREATE TABLE invoices (id bigint PRIMARY KEY, total numeric NOT NULL);
ALTER TABLE invoices ADD COLUMN due date NOT NULL;
BEGIN;
ALTER TABLE orders ADD COLUMN state text;
ALTER TABLE orders ALTER COLUMN state SET DEFAULT 'new';
COMMIT;
