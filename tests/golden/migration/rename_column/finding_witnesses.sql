-- schema: CREATE TABLE orders (id int PRIMARY KEY, note text);
ALTER TABLE orders RENAME COLUMN note TO comment;
