-- +goose Up
-- what somebody says against a published list, and the answer
CREATE TABLE award_objections (
    id INTEGER NOT NULL PRIMARY KEY,
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
    CHECK (state IN ('open', 'upheld', 'refused'))
);
CREATE INDEX award_objections_round ON award_objections (round_id, id);
-- +goose Down
DROP TABLE award_objections;
