-- schema: CREATE TABLE orders (id int PRIMARY KEY, total int, CONSTRAINT positive CHECK (total > 0), CONSTRAINT known FOREIGN KEY (id) REFERENCES users);
ALTER TABLE orders RENAME CONSTRAINT positive TO total_positive;
ALTER TABLE orders RENAME CONSTRAINT known TO orders_user_fk;
CREATE TABLE invoices (id int CONSTRAINT one PRIMARY KEY);
ALTER TABLE invoices RENAME CONSTRAINT one TO invoices_pkey;
