-- schema: CREATE TABLE orders (id int PRIMARY KEY, note text);
ALTER TABLE orders ADD COLUMN region text NOT NULL;
