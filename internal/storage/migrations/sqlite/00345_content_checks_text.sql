-- +goose Up
-- the words of a text that a person has to look at; empty otherwise
ALTER TABLE content_checks ADD COLUMN text VARCHAR(500) NOT NULL DEFAULT '';
-- +goose Down
ALTER TABLE content_checks DROP COLUMN text;
