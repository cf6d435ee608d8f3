-- A table that goes as a whole takes what was added to it along.
CREATE TABLE t (id int);
ALTER TABLE t ADD COLUMN a int;
DROP TABLE t;
