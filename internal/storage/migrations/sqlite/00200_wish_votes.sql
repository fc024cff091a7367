-- +goose Up
-- which households want it: one vote of a household for a thing
CREATE TABLE wish_votes (
    wish_id BIGINT NOT NULL,
    household_id BIGINT NOT NULL,
    note VARCHAR(100) NOT NULL,
    by_user BIGINT NOT NULL,
    voted_at BIGINT NOT NULL,
    PRIMARY KEY (wish_id, household_id)
);
CREATE INDEX wish_votes_household ON wish_votes (household_id, wish_id);
-- +goose Down
DROP TABLE wish_votes;
