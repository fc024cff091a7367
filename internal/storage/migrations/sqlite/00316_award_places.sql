-- +goose Up
-- what a round says of one account, in or out, with its reasons; as it was then
CREATE TABLE award_places (
    round_id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    position INT NOT NULL,
    household_id BIGINT NOT NULL,
    member_id BIGINT NOT NULL,
    number VARCHAR(20) NOT NULL,
    name VARCHAR(60) NOT NULL,
    group_id BIGINT NOT NULL,
    group_name VARCHAR(60) NOT NULL,
    score BIGINT NOT NULL,
    eligible INT NOT NULL,
    place INT NOT NULL,
    wins INT NOT NULL,
    tier INT NOT NULL,
    tier_name VARCHAR(60) NOT NULL,
    stars INT NOT NULL,
    drawing INT NOT NULL,
    prizes TEXT NOT NULL,
    reasons TEXT NOT NULL,
    PRIMARY KEY (round_id, account_id)
);
CREATE INDEX award_places_order ON award_places (round_id, position);
CREATE INDEX award_places_household ON award_places (household_id, round_id);
-- +goose Down
DROP TABLE award_places;
