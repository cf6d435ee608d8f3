CREATE TYPE item AS (id int);
ALTER TYPE item ADD ATTRIBUTE price int;
