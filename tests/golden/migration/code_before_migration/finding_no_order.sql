-- schema: CREATE TABLE orders (id bigint PRIMARY KEY, note text); CREATE TABLE users (id bigint PRIMARY KEY);
ALTER TABLE users ADD COLUMN email text;
ALTER TABLE orders DROP COLUMN note;
