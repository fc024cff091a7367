-- +goose Up
-- JSON: kind, redemption days and hours, pause, limits (market.settings)
ALTER TABLE shops ADD COLUMN settings VARCHAR(2000) NOT NULL DEFAULT '{}';
-- +goose Down
ALTER TABLE shops DROP COLUMN settings;
