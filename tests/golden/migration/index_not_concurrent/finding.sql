CREATE INDEX orders_user_idx ON orders (user_id);
CREATE UNIQUE INDEX
  ON shop.orders USING btree (lower(mail)) WHERE mail IS NOT NULL;
ALTER TABLE orders ADD PRIMARY KEY (id);
