-- schema: CREATE TABLE orders (id int PRIMARY KEY, note text);
ALTER TABLE orders ADD COLUMN total numeric;
ALTER TABLE orders RENAME COLUMN note TO remark;
