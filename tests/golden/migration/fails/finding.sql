-- schema: CREATE TABLE orders (id bigint PRIMARY KEY, total int NOT NULL, note text);
COMMENT ON TABLE orders IS 'ours';
ALTER TABLE order ADD COLUMN region text;
ALTER TABLE orders ADD COLUMN note text;
