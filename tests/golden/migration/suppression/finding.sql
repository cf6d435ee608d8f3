-- schema: CREATE TABLE orders (id int PRIMARY KEY, note text, region text, total int)
-- gate:allow migration.drop_column orders.note: nobody has read it since 2024 (OPS-12)
ALTER TABLE orders DROP COLUMN note, DROP COLUMN region;

ALTER TABLE orders DROP COLUMN total; -- gate:allow drop_column: no node of the last release has it

-- The statement has changed since.
-- gate:allow migration.rename_column: agreed with support
CREATE TABLE regions (id int);

/* gate:allow migration.drop_colum orders.id: a slip of the pen */
ALTER TABLE orders
  -- gate:allow migration.drop_column
  DROP COLUMN id;

-- gate:allow
-- gate:allow migration.unproven: behind the last statement
