INSERT INTO orders (id) VALUES ($1);
INSERT INTO orders (id, note) VALUES ($1, $2);
INSERT INTO orders (id, note) VALUES ($1, DEFAULT);
