-- schema: CREATE TABLE orders (state text NOT NULL DEFAULT 'new', note text DEFAULT '');
ALTER TABLE orders ALTER COLUMN state DROP DEFAULT;
