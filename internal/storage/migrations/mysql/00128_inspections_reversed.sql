-- +goose Up
-- When a whole inspection that had taken effect was taken back; 0 while it stands.
ALTER TABLE inspections ADD COLUMN reversed_at BIGINT NOT NULL DEFAULT 0;
-- +goose Down
ALTER TABLE inspections DROP COLUMN reversed_at;
