-- +goose Up
-- append-only: money in and out of a fund; ref_id is the lot or statement it paid, or the move it undoes
CREATE TABLE fund_moves (
    id BIGINT NOT NULL PRIMARY KEY,
    fund_id BIGINT NOT NULL,
    kind VARCHAR(12) NOT NULL,
    amount_fen BIGINT NOT NULL CHECK (amount_fen <> 0),
    ref_id BIGINT NOT NULL,
    village_id BIGINT NOT NULL,
    note VARCHAR(200) NOT NULL,
    by_user BIGINT NOT NULL,
    moved_on INT NOT NULL,
    created_at BIGINT NOT NULL,
    CHECK (kind IN ('income', 'purchase', 'settle', 'undo')),
    CHECK (kind NOT IN ('purchase', 'settle') OR amount_fen < 0),
    UNIQUE KEY fund_moves_once (ref_id, kind),
    KEY fund_moves_fund (fund_id, id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
-- +goose Down
DROP TABLE fund_moves;
