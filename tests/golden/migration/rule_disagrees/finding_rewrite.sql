-- postgres: 15
-- schema: CREATE DOMAIN amount AS int; CREATE TABLE orders (id bigint, total amount);
ALTER TABLE orders ALTER COLUMN total TYPE int;
