-- schema: CREATE TYPE kind AS ENUM ('a', 'b');
CREATE TYPE state AS ENUM ('new');
ALTER TYPE state ADD VALUE 'paid';
ALTER TYPE kind ADD VALUE IF NOT EXISTS 'b';
