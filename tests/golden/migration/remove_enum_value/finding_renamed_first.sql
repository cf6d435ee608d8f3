-- schema: CREATE TYPE state AS ENUM ('new', 'paid', 'gone'); CREATE TABLE orders (state public.state NOT NULL);
ALTER TYPE state RENAME TO state_old;
CREATE TYPE state AS ENUM ('paid');
ALTER TABLE orders ALTER COLUMN state TYPE state USING state::text::state;
