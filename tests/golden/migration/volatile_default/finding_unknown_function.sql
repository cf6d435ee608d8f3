ALTER TABLE orders ADD COLUMN code text DEFAULT 'A-' || new_code();
