-- schema: CREATE TABLE orders (state varchar(9), CONSTRAINT states CHECK (((state)::text = ANY ((ARRAY['new'::character varying, 'open'::character varying])::text[]))));
ALTER TABLE orders DROP CONSTRAINT states;
ALTER TABLE orders ADD CONSTRAINT states CHECK (state IN ('paid', 'open', 'new')) NOT VALID;
