-- schema: CREATE TABLE orders (id bigint PRIMARY KEY, total int NOT NULL, note text); CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.note := 1; RETURN NEW; END'; CREATE TRIGGER touch BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION touch();
ALTER TABLE orders DROP COLUMN note;
