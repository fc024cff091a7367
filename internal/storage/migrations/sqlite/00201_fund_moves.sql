-- +goose Up
-- append-only: money in and out of a fund; ref_id is the lot or statement it paid, or the move it undoes
CREATE TABLE fund_moves (
    id INTEGER NOT NULL PRIMARY KEY,
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
    CHECK (kind NOT IN ('purchase', 'settle') OR amount_fen < 0)
);
CREATE UNIQUE INDEX fund_moves_once ON fund_moves (ref_id, kind);
CREATE INDEX fund_moves_fund ON fund_moves (fund_id, id);
-- +goose Down
DROP TABLE fund_moves;
