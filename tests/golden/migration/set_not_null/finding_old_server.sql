-- postgres: 11
-- schema: CREATE TABLE orders (user_id bigint, CHECK (user_id IS NOT NULL));
ALTER TABLE orders ALTER COLUMN user_id SET NOT NULL;
