-- schema: CREATE FUNCTION total(bigint) RETURNS bigint LANGUAGE sql AS 'SELECT $1';
DROP FUNCTION total(bigint);
