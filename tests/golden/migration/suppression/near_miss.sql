-- Not a comment of its own, and not a comment at all.
-- We do not write gate:allow migration.drop_column: here.
CREATE TABLE notes (id int, text text DEFAULT '-- gate:allow migration.drop_column: x');
INSERT INTO notes VALUES (1, $$
-- gate:allow migration.drop_column: x
$$);
