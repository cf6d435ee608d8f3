-- schema: CREATE TABLE orders (id bigint CHECK (id > 0) REFERENCES users, number text UNIQUE, kind int); CREATE INDEX orders_id ON orders (id); CREATE UNIQUE INDEX orders_kind ON orders (kind, number);
CREATE TABLE invoices (id bigint UNIQUE);
ALTER TABLE invoices DROP CONSTRAINT invoices_id_key;
ALTER TABLE orders DROP CONSTRAINT orders_id_check, DROP CONSTRAINT orders_id_fkey;
ALTER TABLE orders DROP CONSTRAINT IF EXISTS orders_mail_key;
DROP INDEX CONCURRENTLY orders_id;
DROP INDEX IF EXISTS orders_mail;
-- Another key on the same columns takes its place.
CREATE UNIQUE INDEX CONCURRENTLY orders_kind_2 ON orders (number, kind);
DROP INDEX CONCURRENTLY orders_kind;
