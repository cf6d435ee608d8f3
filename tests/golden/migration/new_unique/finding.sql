ALTER TABLE orders ADD CONSTRAINT orders_number UNIQUE (number, "Year");
ALTER TABLE orders ADD PRIMARY KEY (id);
CREATE UNIQUE INDEX CONCURRENTLY users_mail ON users (lower(mail)) WHERE NOT gone;
CREATE UNIQUE INDEX CONCURRENTLY users_name ON shop.users (name) INCLUDE (id) NULLS NOT DISTINCT;
