-- schema: CREATE TABLE orders (id int PRIMARY KEY);
ALTER TABLE orders RENAME TO purchases;
