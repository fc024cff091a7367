-- +goose Up
-- Who fetched for a household and lives in none of the village: an official, by their user.
ALTER TABLE agencies ADD COLUMN agent_user BIGINT NOT NULL DEFAULT 0;
CREATE INDEX agencies_user ON agencies (agent_user, month);
-- +goose Down
DROP INDEX agencies_user;
ALTER TABLE agencies DROP COLUMN agent_user;
