-- schema: CREATE TABLE orders (id bigint PRIMARY KEY, total int NOT NULL, note text);
ALTER TABLE invoices ADD COLUMN region text;
