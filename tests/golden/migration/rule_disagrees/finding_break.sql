-- schema: CREATE TABLE orders (id bigint PRIMARY KEY, total int NOT NULL, note text);
ALTER TABLE orders RENAME TO purchases;
CREATE VIEW orders AS SELECT id, total, note FROM purchases;
