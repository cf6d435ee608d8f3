-- schema: CREATE TABLE users (id bigint PRIMARY KEY);
-- The schema is known: both are new.
CREATE TABLE IF NOT EXISTS orders (id bigint PRIMARY KEY, note text);
ALTER TABLE orders DROP COLUMN note;
ALTER TABLE users ADD COLUMN IF NOT EXISTS city text;
ALTER TABLE users DROP COLUMN city;
