-- +goose Up
ALTER TABLE lines ADD CONSTRAINT lines_order_fk FOREIGN KEY (order_id) REFERENCES orders NOT VALID;
ALTER TABLE lines VALIDATE CONSTRAINT lines_order_fk;
