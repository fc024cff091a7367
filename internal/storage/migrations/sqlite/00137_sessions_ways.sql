-- +goose Up
-- How a session was opened; the one household it is for, when opened with the household's PIN; the phone proved by a code.
ALTER TABLE sessions ADD COLUMN how VARCHAR(8) NOT NULL DEFAULT 'wechat';
ALTER TABLE sessions ADD COLUMN household_id BIGINT NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN phone_idx VARBINARY(32) NOT NULL DEFAULT x'';
-- +goose Down
ALTER TABLE sessions DROP COLUMN how;
ALTER TABLE sessions DROP COLUMN household_id;
ALTER TABLE sessions DROP COLUMN phone_idx;
