-- schema: CREATE TABLE orders (id int PRIMARY KEY, note text NOT NULL DEFAULT '');
ALTER TABLE orders ALTER COLUMN note DROP DEFAULT;
