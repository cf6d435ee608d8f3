-- schema: CREATE TABLE orders (id int4, note varchar(20));
ALTER TABLE orders ALTER COLUMN id TYPE integer;
ALTER TABLE orders ALTER COLUMN note SET DATA TYPE character varying(20);
CREATE TABLE invoices (id int);
ALTER TABLE invoices ALTER COLUMN id TYPE bigint;
