-- schema: CREATE TYPE state AS ENUM ('new'); CREATE TABLE orders (id int);
BEGIN;
ALTER TYPE state RENAME TO state_old;
CREATE TYPE state AS ENUM ('new', 'open');
COMMIT;
CREATE DOMAIN label AS text;
ALTER DOMAIN label RENAME TO tag;
