SELECT o.remark FROM orders o JOIN invoices i ON i.id = o.id;
SELECT * FROM orders WHERE id = $1;
SELECT id FROM orders WHERE state = 'done'::state;
UPDATE orders SET state = $1;
INSERT INTO orders (id, email) VALUES ($1, $2) ON CONFLICT (email) DO NOTHING;
SELECT total();
