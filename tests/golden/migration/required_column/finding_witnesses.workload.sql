INSERT INTO orders (id, note) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING;
INSERT INTO orders VALUES ($1, $2);
INSERT INTO orders SELECT * FROM imported;
UPDATE orders SET note = $1;
