-- schema: CREATE TABLE orders (id bigint);
DROP TABLE IF EXISTS never_made;
