-- +goose Up
-- media's photo; 0: none
ALTER TABLE goods ADD COLUMN photo_id BIGINT NOT NULL DEFAULT 0;
-- +goose Down
ALTER TABLE goods DROP COLUMN photo_id;
