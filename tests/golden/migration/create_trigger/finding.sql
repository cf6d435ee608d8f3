-- schema: CREATE TABLE orders (id int); CREATE FUNCTION copy_total() RETURNS trigger LANGUAGE plpgsql AS '';
CREATE TRIGGER copy_total BEFORE INSERT OR UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION copy_total();
ALTER TABLE orders ENABLE TRIGGER history;
