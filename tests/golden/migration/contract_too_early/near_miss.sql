-- schema: CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, note text);
-- What the release makes nobody uses yet, whatever the workload says.
CREATE TABLE drafts (id bigint PRIMARY KEY, note text);
ALTER TABLE drafts DROP COLUMN note;
