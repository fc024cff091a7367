-- +goose Up
-- which spendable points went where by a succession
CREATE TABLE succession_shares (
    id            BIGINT NOT NULL,
    succession_id BIGINT NOT NULL,
    from_account  BIGINT NOT NULL,
    to_account    BIGINT NOT NULL,
    wallet        VARCHAR(40) NOT NULL,
    amount        BIGINT NOT NULL,
    PRIMARY KEY (id),
    KEY succession_shares_succession (succession_id, id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- +goose Down
DROP TABLE succession_shares;
