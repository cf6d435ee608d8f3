-- schema: CREATE TYPE state AS ENUM ('new');
BEGIN;
CREATE TYPE item AS (id int);
DROP TYPE item;
DROP TYPE state;
CREATE TYPE state AS ENUM ('new', 'open');
COMMIT;
