-- schema: CREATE TABLE orders (id bigint PRIMARY KEY, total int NOT NULL, note text);
DO $$ BEGIN
  EXECUTE 'ALTER TABLE orders DROP COLUMN note';
END $$;
