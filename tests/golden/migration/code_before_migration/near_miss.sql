-- schema: CREATE TABLE orders (id bigint PRIMARY KEY, note text);
-- New code has no statement yet that names what this makes.
ALTER TABLE orders ADD COLUMN remark text;
CREATE TABLE invoices (id bigint PRIMARY KEY);
