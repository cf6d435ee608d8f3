-- schema: CREATE TABLE orders (id int PRIMARY KEY, note varchar(20));
ALTER TABLE orders ALTER COLUMN note TYPE text;
