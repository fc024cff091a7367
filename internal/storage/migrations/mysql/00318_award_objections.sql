-- +goose Up
-- what somebody says against a published list, and the answer
CREATE TABLE award_objections (
    id BIGINT NOT NULL PRIMARY KEY,
    round_id BIGINT NOT NULL,
    village_id BIGINT NOT NULL,
    household_id BIGINT NOT NULL,
    user_id BIGINT NOT NULL,
    text VARCHAR(500) NOT NULL,
    at BIGINT NOT NULL,
    state VARCHAR(8) NOT NULL,
    answer VARCHAR(500) NOT NULL,
    answered_by BIGINT NOT NULL,
    answered_at BIGINT NOT NULL,
    CHECK (state IN ('open', 'upheld', 'refused')),
    KEY award_objections_round (round_id, id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
-- +goose Down
DROP TABLE award_objections;
