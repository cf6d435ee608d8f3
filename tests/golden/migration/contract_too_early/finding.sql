-- schema: CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, note text);
ALTER TABLE orders DROP COLUMN note;
ALTER TABLE orders DROP COLUMN user_id;
