-- schema: CREATE TABLE users (id bigint PRIMARY KEY, email text CONSTRAINT users_email UNIQUE); CREATE UNIQUE INDEX by_name ON users (id, email);
ALTER TABLE users DROP CONSTRAINT users_email;
ALTER TABLE users RENAME COLUMN id TO user_id;
DROP INDEX by_name;
