-- +goose Up
-- terms of one goods as JSON: limit of a household and period, whether it offsets a fee; empty: none
ALTER TABLE goods ADD COLUMN terms VARCHAR(200) NOT NULL DEFAULT '';
-- +goose Down
ALTER TABLE goods DROP COLUMN terms;
