-- schema: CREATE TABLE orders (note varchar(20), total numeric(10,2));
ALTER TABLE orders ALTER COLUMN note TYPE varchar(50);
ALTER TABLE orders ALTER COLUMN note TYPE text USING note::text;
ALTER TABLE orders ALTER COLUMN total TYPE numeric(12,2);
