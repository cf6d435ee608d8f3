-- schema: CREATE TABLE orders (id int PRIMARY KEY, note text);
ALTER TABLE orders ADD COLUMN total numeric DEFAULT 0, ALTER COLUMN note TYPE int USING note::int;
