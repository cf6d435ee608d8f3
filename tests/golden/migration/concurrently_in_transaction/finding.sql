-- +goose Up
CREATE INDEX CONCURRENTLY orders_user_idx ON orders (user_id);
-- +goose Down
DROP TABLE orders;
