-- schema: CREATE TYPE state AS ENUM ('new', 'paid', 'gone'); CREATE TABLE orders (state state NOT NULL);
ALTER TABLE orders ALTER COLUMN state TYPE text;
DROP TYPE state;
CREATE TYPE state AS ENUM ('new', 'paid', 'late');
