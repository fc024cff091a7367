-- +goose Up
-- 1: points is what the written answer to an objection has left of a value that the rules fix.
ALTER TABLE cases ADD COLUMN settled INT NOT NULL DEFAULT 0;
-- +goose Down
ALTER TABLE cases DROP COLUMN settled;
