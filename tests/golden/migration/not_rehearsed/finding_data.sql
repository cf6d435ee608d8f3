-- schema: CREATE TABLE orders (id bigint PRIMARY KEY, total int NOT NULL, note text);
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM orders) THEN RAISE EXCEPTION 'no orders'; END IF;
END $$;
