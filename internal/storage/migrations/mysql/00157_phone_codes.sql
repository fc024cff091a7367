-- +goose Up
-- the changing code of one phone for one household; last_step: the last step of 30 seconds that was used
CREATE TABLE phone_codes (
    id BIGINT NOT NULL PRIMARY KEY,
    alias VARCHAR(12) NOT NULL,
    user_id BIGINT NOT NULL,
    village_id BIGINT NOT NULL,
    household_id BIGINT NOT NULL,
    member_id BIGINT NOT NULL,
    last_step BIGINT NOT NULL,
    misses INT NOT NULL,
    missed_at BIGINT NOT NULL,
    made_at BIGINT NOT NULL,
    ended_at BIGINT NOT NULL DEFAULT 0,
    UNIQUE KEY phone_codes_alias (alias),
    KEY phone_codes_user (user_id, household_id, ended_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
-- +goose Down
DROP TABLE phone_codes;
