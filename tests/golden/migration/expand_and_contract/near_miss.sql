-- schema: CREATE TABLE orders (id bigint PRIMARY KEY, note text);
-- What the release makes it may take away again.
CREATE TABLE drafts (id bigint PRIMARY KEY, note text);
ALTER TABLE drafts ADD COLUMN text text;
UPDATE drafts SET text = note;
ALTER TABLE drafts DROP COLUMN note;
ALTER TABLE orders ADD COLUMN shipped_at timestamptz;
ALTER TABLE orders ADD COLUMN scratch text;
ALTER TABLE orders DROP COLUMN scratch;
