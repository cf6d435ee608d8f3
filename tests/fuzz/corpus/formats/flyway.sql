V1__a.sql
CREATE TABLE a (id int);
