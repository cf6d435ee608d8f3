-- schema: CREATE TABLE orders (id int PRIMARY KEY, note text);
ALTER TABLE orders RENAME TO purchases;
ALTER TABLE purchases DROP COLUMN note;
