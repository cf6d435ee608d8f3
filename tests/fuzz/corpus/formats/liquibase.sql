--liquibase formatted sql

--changeset ann:1 runInTransaction:false splitStatements:false
CREATE TABLE a (id int);
--rollback DROP TABLE a;
--changeset ann:2
ALTER TABLE a ADD b int;
/* liquibase rollback
ALTER TABLE a DROP b;
*/
