-- schema: CREATE TABLE orders (id int PRIMARY KEY, note text, total int);
ALTER TABLE orders ALTER COLUMN total TYPE bigint;
