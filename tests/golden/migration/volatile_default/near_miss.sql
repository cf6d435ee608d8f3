-- schema: CREATE TABLE orders (id int); CREATE FUNCTION code() RETURNS text STABLE LANGUAGE sql AS 'SELECT version()'; CREATE DOMAIN label AS text;
ALTER TABLE orders ADD COLUMN at timestamptz NOT NULL DEFAULT now(), ADD COLUMN day date DEFAULT current_date;
ALTER TABLE orders ADD COLUMN until timestamptz DEFAULT date_trunc('day', now() + interval '30 days'), ADD COLUMN tags text[] DEFAULT '{}'::text[];
ALTER TABLE orders ADD COLUMN note text DEFAULT NULL, ADD COLUMN code text DEFAULT code(), ADD COLUMN kind label DEFAULT 'a';
ALTER TABLE orders ADD COLUMN size int DEFAULT CASE WHEN current_user = 'a' THEN greatest(1, 2) ELSE coalesce(NULL, 3) END;
CREATE TABLE invoices (id int);
ALTER TABLE invoices ADD COLUMN token uuid DEFAULT gen_random_uuid(), ADD COLUMN line serial;
