-- +goose Up
-- the changing code of one phone for one household; last_step: the last step of 30 seconds that was used
CREATE TABLE phone_codes (
    id INTEGER NOT NULL PRIMARY KEY,
    alias VARCHAR(12) NOT NULL,
    user_id BIGINT NOT NULL,
    village_id BIGINT NOT NULL,
    household_id BIGINT NOT NULL,
    member_id BIGINT NOT NULL,
    last_step BIGINT NOT NULL,
    misses INT NOT NULL,
    missed_at BIGINT NOT NULL,
    made_at BIGINT NOT NULL,
    ended_at BIGINT NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX phone_codes_alias ON phone_codes (alias);
CREATE INDEX phone_codes_user ON phone_codes (user_id, household_id, ended_at);
-- +goose Down
DROP TABLE phone_codes;
