-- schema: CREATE TABLE orders (id bigint);
ALTER TABLE orders DROP COLUMN IF EXISTS note;
