-- +goose Up
-- which spendable points went where by a succession
CREATE TABLE succession_shares (
    id            INTEGER NOT NULL PRIMARY KEY,
    succession_id BIGINT NOT NULL,
    from_account  BIGINT NOT NULL,
    to_account    BIGINT NOT NULL,
    wallet        VARCHAR(40) NOT NULL,
    amount        BIGINT NOT NULL
);
CREATE INDEX succession_shares_succession ON succession_shares (succession_id, id);

-- +goose Down
DROP TABLE succession_shares;
