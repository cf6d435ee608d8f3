-- The same in three steps of one release.
ALTER TABLE orders ADD COLUMN currency text;
UPDATE orders SET currency = 'EUR' WHERE currency IS NULL;
ALTER TABLE orders ALTER COLUMN currency SET NOT NULL;
-- And with a default that does not stay.
ALTER TABLE orders ADD COLUMN country text NOT NULL DEFAULT 'DE';
ALTER TABLE orders ALTER COLUMN country DROP DEFAULT;
