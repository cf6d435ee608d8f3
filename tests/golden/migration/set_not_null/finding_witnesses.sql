-- schema: CREATE TABLE orders (id int PRIMARY KEY, note text);
ALTER TABLE orders ALTER COLUMN note SET NOT NULL;
