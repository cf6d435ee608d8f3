-- schema: CREATE TABLE orders (id bigint PRIMARY KEY, state text NOT NULL DEFAULT 'new');
ALTER TABLE orders ALTER COLUMN state DROP DEFAULT;
ALTER TABLE orders ALTER COLUMN state SET DEFAULT 'open';
