-- +goose Up
-- one reward of one winner: due when the round is issued; points are posted then, the rest is collected
CREATE TABLE award_prizes (
    id INTEGER NOT NULL PRIMARY KEY,
    round_id BIGINT NOT NULL,
    village_id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    household_id BIGINT NOT NULL,
    ref VARCHAR(12) NOT NULL,
    kind VARCHAR(10) NOT NULL,
    wallet VARCHAR(16) NOT NULL,
    points BIGINT NOT NULL,
    fen BIGINT NOT NULL,
    name VARCHAR(120) NOT NULL,
    pieces INT NOT NULL,
    choice TEXT NOT NULL,
    words VARCHAR(400) NOT NULL,
    state VARCHAR(9) NOT NULL,
    chosen VARCHAR(60) NOT NULL,
    shop_id BIGINT NOT NULL,
    receiver VARCHAR(60) NOT NULL,
    note VARCHAR(200) NOT NULL,
    issued_at BIGINT NOT NULL,
    collected_at BIGINT NOT NULL,
    collected_by BIGINT NOT NULL,
    CHECK (state IN ('due', 'posted', 'collected', 'void'))
);
CREATE UNIQUE INDEX award_prizes_once ON award_prizes (round_id, account_id, ref);
CREATE INDEX award_prizes_household ON award_prizes (household_id, id);
CREATE INDEX award_prizes_state ON award_prizes (round_id, state, id);
-- +goose Down
DROP TABLE award_prizes;
