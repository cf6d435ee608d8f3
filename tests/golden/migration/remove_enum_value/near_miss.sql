-- schema: CREATE TYPE state AS ENUM ('new', 'paid'); CREATE TABLE drafts (id int);
ALTER TABLE drafts ADD COLUMN state state;
ALTER TYPE state RENAME TO state_old;
CREATE TYPE state AS ENUM ('paid', 'gone');
ALTER TABLE drafts ALTER COLUMN state TYPE state USING state::text::state;
DROP TYPE state_old;
CREATE TYPE mood AS ENUM ('new');
DROP TYPE mood;
CREATE TYPE mood AS ENUM ('old');
