-- +goose Up
-- money of a village or town for its shop; balance_fen is the fold of the fund's moves
CREATE TABLE funds (
    id INTEGER NOT NULL PRIMARY KEY,
    owner_id BIGINT NOT NULL,
    name VARCHAR(60) NOT NULL,
    source VARCHAR(120) NOT NULL,
    balance_fen BIGINT NOT NULL CHECK (balance_fen >= 0),
    state VARCHAR(8) NOT NULL,
    created_by BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    CHECK (state IN ('open', 'closed'))
);
CREATE UNIQUE INDEX funds_name ON funds (owner_id, name);
-- +goose Down
DROP TABLE funds;
