-- schema: CREATE TABLE orders (id int PRIMARY KEY, user_id int NOT NULL, note text); CREATE TABLE users (id int PRIMARY KEY, name text);
ALTER TABLE orders DROP COLUMN note;
