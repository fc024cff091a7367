-- +goose Up
-- For wallets with validity: the fold of entries by the last day on which their points can be spent.
CREATE TABLE lots (
    account_id BIGINT      NOT NULL,
    wallet     VARCHAR(16) NOT NULL,
    bucket     VARCHAR(9)  NOT NULL,
    expires_on INT         NOT NULL,
    amount     BIGINT      NOT NULL,
    PRIMARY KEY (account_id, wallet, bucket, expires_on)
) WITHOUT ROWID;
CREATE INDEX lots_expiry ON lots (expires_on, account_id);
-- +goose Down
DROP TABLE lots;
