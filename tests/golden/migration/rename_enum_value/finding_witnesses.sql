-- schema: CREATE TYPE state AS ENUM ('open', 'done'); CREATE TABLE orders (id bigint PRIMARY KEY, state state, note text);
ALTER TYPE state RENAME VALUE 'done' TO 'closed';
