-- schema: CREATE TABLE users (id bigint PRIMARY KEY, street text, city text);
CREATE TABLE addresses (user_id bigint PRIMARY KEY REFERENCES users, street text, city text);
INSERT INTO addresses SELECT id, street, city FROM users;
ALTER TABLE users DROP COLUMN street, DROP COLUMN city;
