-- +goose Up
-- pictures of goods are kept by media
ALTER TABLE goods DROP COLUMN photo_id;
-- +goose Down
ALTER TABLE goods ADD COLUMN photo_id BIGINT NOT NULL DEFAULT 0;
