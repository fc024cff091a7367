-- +goose Up
-- the code printed for a household; only the HMAC of its token is kept; ended_at 0 while it is good
CREATE TABLE household_codes (
    id           BIGINT NOT NULL,
    village_id   BIGINT NOT NULL,
    household_id BIGINT NOT NULL,
    token_idx    VARBINARY(32) NOT NULL,
    made_at      BIGINT NOT NULL,
    made_by      BIGINT NOT NULL,
    ended_at     BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (id),
    UNIQUE KEY household_codes_token (token_idx),
    KEY household_codes_household (household_id, ended_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- +goose Down
DROP TABLE household_codes;
