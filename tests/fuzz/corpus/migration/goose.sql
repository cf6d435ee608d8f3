-- +goose Up
BEGIN;
ALTER TABLE t ADD a int NOT NULL, RENAME TO u;
ROLLBACK;
-- +goose Down
\i x
