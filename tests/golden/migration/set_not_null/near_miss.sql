-- postgres: 15
-- schema: CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, CONSTRAINT c CHECK (user_id IS NOT NULL));
ALTER TABLE orders ALTER COLUMN user_id SET NOT NULL;
ALTER TABLE orders ALTER COLUMN id SET NOT NULL;
CREATE TABLE invoices (id bigint);
ALTER TABLE invoices ALTER COLUMN id SET NOT NULL;
