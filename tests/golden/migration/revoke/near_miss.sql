CREATE TABLE invoices (id int);
ALTER TABLE invoices ENABLE ROW LEVEL SECURITY;
ALTER TABLE invoices OWNER TO admin;
REVOKE ALL ON invoices FROM PUBLIC;
GRANT SELECT ON orders TO app;
CREATE POLICY mine ON orders USING (owner = current_user);
