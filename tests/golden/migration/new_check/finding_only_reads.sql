-- Nobody is bound: old code leaves NULL or a default that passes. The table is read all the same.
ALTER TABLE orders ADD COLUMN note text CHECK (note <> '');
ALTER TABLE orders ADD COLUMN state text NOT NULL DEFAULT 'new' CHECK (state IN ('new', 'paid'));
ALTER TABLE orders ADD COLUMN parts int DEFAULT 1 CHECK (parts >= 1 AND parts <> 13);
