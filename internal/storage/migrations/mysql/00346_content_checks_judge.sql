-- +goose Up
-- the official who has judged it; 0: the content check itself
ALTER TABLE content_checks ADD COLUMN judged_by BIGINT NOT NULL DEFAULT 0;
-- +goose Down
ALTER TABLE content_checks DROP COLUMN judged_by;
