CREATE TABLE IF NOT EXISTS orders (id bigint PRIMARY KEY, note text);
CREATE INDEX IF NOT EXISTS orders_note ON orders (note);
