-- +goose Up
CREATE TABLE lines (order_id int REFERENCES orders, note text);
INSERT INTO lines SELECT id, note FROM orders;
WITH moved AS (DELETE FROM orders WHERE note IS NOT NULL RETURNING *) SELECT count(*) FROM moved;
