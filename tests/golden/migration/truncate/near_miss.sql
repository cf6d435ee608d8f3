CREATE TABLE invoices (id int);
TRUNCATE invoices;
