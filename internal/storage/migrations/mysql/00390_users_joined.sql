-- +goose Up
-- When the number was proved, and into which user a closed one went that was the same person.
ALTER TABLE users ADD COLUMN phone_at BIGINT NOT NULL DEFAULT 0, ADD COLUMN into_id BIGINT NOT NULL DEFAULT 0;
-- +goose Down
ALTER TABLE users DROP COLUMN into_id, DROP COLUMN phone_at;
