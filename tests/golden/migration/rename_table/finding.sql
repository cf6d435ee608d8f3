ALTER TABLE users RENAME TO customers;
ALTER TABLE orders SET SCHEMA shop;
