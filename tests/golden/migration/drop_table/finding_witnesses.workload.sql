WITH orders AS (SELECT id FROM users) SELECT id FROM orders;
DELETE FROM orders WHERE id = $1;
SELECT id FROM users WHERE id IN (SELECT id FROM public.orders);
SELECT id FROM archive.orders;
