-- postgres: 10
ALTER TABLE orders ADD COLUMN state text DEFAULT 'new';
