-- +goose Up
-- one reward of one winner: due when the round is issued; points are posted then, the rest is collected
CREATE TABLE award_prizes (
    id BIGINT NOT NULL PRIMARY KEY,
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
    CHECK (state IN ('due', 'posted', 'collected', 'void')),
    UNIQUE KEY award_prizes_once (round_id, account_id, ref),
    KEY award_prizes_household (household_id, id),
    KEY award_prizes_state (round_id, state, id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
-- +goose Down
DROP TABLE award_prizes;
