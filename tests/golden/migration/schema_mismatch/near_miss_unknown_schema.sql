-- Nobody has said what is there, or not all of it.
-- schema: CREATE TABLE notes (id int);
ALTER TABLE orders ADD COLUMN note text;
CREATE INDEX CONCURRENTLY by_city ON users (city);
