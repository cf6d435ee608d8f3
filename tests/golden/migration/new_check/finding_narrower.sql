-- schema: CREATE TABLE orders (state text CONSTRAINT states CHECK (state IN ('new', 'open', 'paid')), user_id bigint);
-- The list gets shorter; the other CHECK is nothing that old code has obeyed.
ALTER TABLE orders DROP CONSTRAINT states;
ALTER TABLE orders ADD CONSTRAINT states CHECK (state IN ('new', 'open')) NOT VALID;
ALTER TABLE orders ADD CONSTRAINT users CHECK (user_id IS NOT NULL) NOT VALID;
ALTER TABLE orders ADD COLUMN note text, ADD CHECK (note <> '' OR state IS NULL);
