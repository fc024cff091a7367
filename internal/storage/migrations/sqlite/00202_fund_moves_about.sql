-- +goose Up
-- the lot or statement that was paid; ref_id is the move itself, or the one it undoes
ALTER TABLE fund_moves ADD COLUMN about_id BIGINT NOT NULL DEFAULT 0;
-- +goose Down
ALTER TABLE fund_moves DROP COLUMN about_id;
