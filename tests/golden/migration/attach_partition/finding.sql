-- postgres: 15
-- schema: CREATE TABLE orders (id int, at date) PARTITION BY RANGE (at); CREATE TABLE orders_2025 (id int, at date); CREATE TABLE orders_2024 (id int, at date CHECK (at >= '2024-01-01' AND at < '2025-01-01'));
ALTER TABLE orders ATTACH PARTITION orders_2025 FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
ALTER TABLE orders ATTACH PARTITION orders_2024 FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
