-- +goose Up
-- Why a person moved a period on.
ALTER TABLE periods ADD COLUMN why VARCHAR(200) NOT NULL DEFAULT '';
-- +goose Down
ALTER TABLE periods DROP COLUMN why;
