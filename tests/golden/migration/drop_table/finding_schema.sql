-- schema: CREATE SCHEMA shop; CREATE TABLE shop.orders (id bigint); CREATE INDEX i ON shop.orders (id); CREATE VIEW public.o AS SELECT id FROM shop.orders;
DROP SCHEMA shop CASCADE;
