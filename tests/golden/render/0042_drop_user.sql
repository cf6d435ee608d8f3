-- The account service owns users now.
BEGIN;
ALTER TABLE orders DROP COLUMN user_id;
COMMIT;
