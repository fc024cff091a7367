-- +goose Up
-- The fold of entries per account, wallet and bucket; seq is the number of its last entry.
CREATE TABLE balances (
    account_id BIGINT      NOT NULL,
    wallet     VARCHAR(16) NOT NULL,
    bucket     VARCHAR(9)  NOT NULL CHECK (bucket IN ('available','pending','held')),
    kind       VARCHAR(5)  NOT NULL CHECK (kind IN ('score','spend','base')),
    amount     BIGINT      NOT NULL,
    seq        BIGINT      NOT NULL,
    PRIMARY KEY (account_id, wallet, bucket)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
-- +goose Down
DROP TABLE balances;
