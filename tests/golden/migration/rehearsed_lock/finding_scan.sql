-- schema: CREATE TABLE orders (id bigint PRIMARY KEY, total int NOT NULL, note text);
DO $$ BEGIN
  EXECUTE 'CREATE INDEX orders_note ON orders (note)';
END $$;
