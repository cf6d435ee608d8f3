-- schema: CREATE TABLE orders (id int PRIMARY KEY, user_id int NOT NULL, note text);
ALTER TABLE orders DROP COLUMN note;
