-- +goose Up
-- Append-only: the leaves of a village's tree of entries, in the order in which they were sealed. account_id, wallet, bucket
-- and seq are the entry's: the highest seq sealed of a chain says which of its entries have no leaf yet.
CREATE TABLE seal_leaves (
    village_id BIGINT NOT NULL,
    leaf_index BIGINT NOT NULL,
    entry_id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    wallet VARCHAR(16) NOT NULL,
    bucket VARCHAR(9) NOT NULL,
    seq BIGINT NOT NULL,
    salt VARBINARY(32) NOT NULL,
    hash VARBINARY(32) NOT NULL,
    PRIMARY KEY (village_id, leaf_index),
    UNIQUE KEY seal_leaves_entry (entry_id),
    UNIQUE KEY seal_leaves_chain (account_id, wallet, bucket, seq)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
-- +goose Down
DROP TABLE seal_leaves;
