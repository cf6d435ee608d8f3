ALTER TABLE orders ADD CHECK (total > 0), ADD CONSTRAINT placed CHECK (placed_at > 'epoch' AND NOT gone) NOT VALID;
ALTER TABLE orders ADD COLUMN note text CHECK (note <> ''), ADD COLUMN state text NOT NULL DEFAULT 'new' CHECK (state IN ('open', 'paid'));
