-- schema: CREATE TABLE shop.orders (code text PRIMARY KEY, state text NOT NULL);
CREATE TYPE order_state AS ENUM ('open', 'done');
ALTER TABLE shop.orders ADD COLUMN "newState" order_state;
UPDATE ONLY shop.orders AS o
  SET "newState" = CASE o.state WHEN 'done' THEN 'done'::order_state ELSE 'open' END
  WHERE o.state IS NOT NULL OR true;
ALTER TABLE shop.orders DROP COLUMN state;
