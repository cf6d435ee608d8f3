-- +goose NO TRANSACTION
-- +goose Up
-- +goose StatementBegin
CREATE TABLE a (id int);
-- +goose StatementEnd
-- +goose Down
DROP TABLE a;
