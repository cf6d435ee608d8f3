-- postgres: 15
-- The CHECK comes in this release: it spares the scan, but old writers of NULL fail all the same.
ALTER TABLE orders ADD CONSTRAINT orders_user CHECK (user_id IS NOT NULL AND total > 0) NOT VALID;
ALTER TABLE orders VALIDATE CONSTRAINT orders_user;
ALTER TABLE orders ALTER COLUMN user_id SET NOT NULL;
