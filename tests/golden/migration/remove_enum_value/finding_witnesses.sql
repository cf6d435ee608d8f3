-- schema: CREATE TYPE state AS ENUM ('open', 'done'); CREATE TABLE orders (id bigint PRIMARY KEY, state state, note text); CREATE TABLE bills (state state);
CREATE TYPE state2 AS ENUM ('open', 'closed');
ALTER TABLE orders ALTER COLUMN state TYPE state2 USING state::text::state2;
