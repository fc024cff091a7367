-- +goose Up
-- which households want it: one vote of a household for a thing
CREATE TABLE wish_votes (
    wish_id BIGINT NOT NULL,
    household_id BIGINT NOT NULL,
    note VARCHAR(100) NOT NULL,
    by_user BIGINT NOT NULL,
    voted_at BIGINT NOT NULL,
    PRIMARY KEY (wish_id, household_id),
    KEY wish_votes_household (household_id, wish_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
-- +goose Down
DROP TABLE wish_votes;
