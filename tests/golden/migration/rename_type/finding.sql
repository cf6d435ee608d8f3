-- schema: CREATE TYPE state AS ENUM ('new'); CREATE TABLE orders (id int, state state);
ALTER TYPE state RENAME TO order_state;
ALTER DOMAIN shop.label RENAME TO tag;
