-- +goose Up
-- Net score per account, score wallet and span (month or year) of counted_on; kind is the account's. Boards rank by it.
CREATE TABLE totals (
    account_id BIGINT      NOT NULL,
    wallet     VARCHAR(16) NOT NULL,
    span       INT         NOT NULL,
    village_id BIGINT      NOT NULL,
    kind       VARCHAR(10) NOT NULL,
    amount     BIGINT      NOT NULL,
    PRIMARY KEY (account_id, wallet, span),
    KEY totals_rank (village_id, wallet, span, kind, amount)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
-- +goose Down
DROP TABLE totals;
