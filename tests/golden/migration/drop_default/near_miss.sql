-- schema: CREATE TABLE orders (state text NOT NULL DEFAULT 'new', note text DEFAULT '');
ALTER TABLE orders ALTER COLUMN note DROP DEFAULT;
CREATE TABLE invoices (state text NOT NULL DEFAULT 'new');
ALTER TABLE invoices ALTER COLUMN state DROP DEFAULT;
