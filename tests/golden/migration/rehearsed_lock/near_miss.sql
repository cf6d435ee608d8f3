-- schema: CREATE TABLE orders (id bigint PRIMARY KEY, total int NOT NULL, note text);
CREATE INDEX CONCURRENTLY orders_note ON orders (note);
