-- +goose Up
-- the code printed for a household; only the HMAC of its token is kept; ended_at 0 while it is good
CREATE TABLE household_codes (
    id           INTEGER NOT NULL PRIMARY KEY,
    village_id   BIGINT NOT NULL,
    household_id BIGINT NOT NULL,
    token_idx    BLOB NOT NULL,
    made_at      BIGINT NOT NULL,
    made_by      BIGINT NOT NULL,
    ended_at     BIGINT NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX household_codes_token ON household_codes (token_idx);
CREATE INDEX household_codes_household ON household_codes (household_id, ended_at);

-- +goose Down
DROP TABLE household_codes;
