-- +goose Up
-- For wallets with validity: the fold of entries by the last day on which their points can be spent.
CREATE TABLE lots (
    account_id BIGINT      NOT NULL,
    wallet     VARCHAR(16) NOT NULL,
    bucket     VARCHAR(9)  NOT NULL,
    expires_on INT         NOT NULL,
    amount     BIGINT      NOT NULL,
    PRIMARY KEY (account_id, wallet, bucket, expires_on),
    KEY lots_expiry (expires_on, account_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
-- +goose Down
DROP TABLE lots;
