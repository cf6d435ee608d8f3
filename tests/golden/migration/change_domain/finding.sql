-- schema: CREATE DOMAIN price AS int; CREATE TABLE orders (total price);
ALTER DOMAIN price ADD CONSTRAINT positive CHECK (VALUE > 0);
ALTER DOMAIN price SET NOT NULL;
