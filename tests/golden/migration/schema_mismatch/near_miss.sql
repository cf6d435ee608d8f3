-- schema: CREATE TABLE orders (id bigint PRIMARY KEY, note text); CREATE SCHEMA shop;
ALTER TABLE orders DROP COLUMN IF EXISTS notes;
ALTER TABLE IF EXISTS users ADD COLUMN city text;
CREATE TABLE IF NOT EXISTS orders (id bigint);
ALTER TABLE orders ADD COLUMN IF NOT EXISTS note text;
CREATE TEMPORARY TABLE orders (id bigint);
CREATE TABLE shop.orders (id bigint);
ALTER TABLE IF EXISTS users DROP COLUMN city;
ALTER TABLE IF EXISTS users RENAME COLUMN city TO town;
