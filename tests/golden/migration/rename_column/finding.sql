-- schema: CREATE TABLE users (id bigint, mail character varying(200) NOT NULL);
ALTER TABLE users RENAME COLUMN mail TO email;
