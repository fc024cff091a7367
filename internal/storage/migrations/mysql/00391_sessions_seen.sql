-- +goose Up
-- When a session was last used, to within a few minutes; 0 for those of before.
ALTER TABLE sessions ADD COLUMN seen_at BIGINT NOT NULL DEFAULT 0;
-- +goose Down
ALTER TABLE sessions DROP COLUMN seen_at;
