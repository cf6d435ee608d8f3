-- schema: CREATE TABLE orders (id bigint PRIMARY KEY, total int NOT NULL, note text);
ALTER TABLE orders ADD COLUMN region text;
CREATE OR REPLACE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.place := 'eu';
  RETURN NEW;
END $$;
