-- schema: CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$; CREATE FUNCTION area(a int) RETURNS int LANGUAGE sql AS $$ SELECT a $$; CREATE FUNCTION net(a int) RETURNS int LANGUAGE sql AS $$ SELECT a $$;
DROP FUNCTION shop.total(integer, text[]);
DROP FUNCTION stamp() CASCADE;
-- Another signature, and another result.
BEGIN;
DROP FUNCTION area(int), net;
CREATE FUNCTION area(a int, b int) RETURNS int LANGUAGE sql AS $$ SELECT a $$;
CREATE FUNCTION net(a int) RETURNS bigint LANGUAGE sql AS $$ SELECT 1 $$;
COMMIT;
