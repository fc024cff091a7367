-- +goose Up
-- Why a person lifted a tag before its day; empty where the program ended it with its record.
ALTER TABLE tags ADD COLUMN lifted_why VARCHAR(200) NOT NULL DEFAULT '';
-- +goose Down
ALTER TABLE tags DROP COLUMN lifted_why;
