-- postgres: 15
-- schema: CREATE TABLE users (id int, mail varchar(200), name varchar(100)); CREATE INDEX users_mail ON users (lower(mail)); CREATE INDEX users_named ON users (id) WHERE name IS NOT NULL;
ALTER TABLE users ALTER COLUMN mail TYPE text, ALTER COLUMN name TYPE text;
