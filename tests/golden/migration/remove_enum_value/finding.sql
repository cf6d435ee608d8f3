-- schema: CREATE TYPE "State" AS ENUM ('new', 'paid', 'gone'); CREATE TABLE orders (state "State" NOT NULL);
BEGIN;
CREATE TYPE "State_new" AS ENUM ('new', 'paid');
ALTER TABLE orders ALTER COLUMN state TYPE "State_new" USING (state::text::"State_new");
ALTER TYPE "State" RENAME TO "State_old";
ALTER TYPE "State_new" RENAME TO "State";
DROP TYPE "State_old";
COMMIT;
