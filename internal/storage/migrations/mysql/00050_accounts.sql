-- +goose Up
-- One account per household, person, group or team; its id is its owner's. rev is the lock every posting takes first.
CREATE TABLE accounts (
    id         BIGINT      NOT NULL PRIMARY KEY,
    village_id BIGINT      NOT NULL,
    kind       VARCHAR(10) NOT NULL CHECK (kind IN ('household','person','group','team')),
    closed_on  INT         NOT NULL,
    rev        BIGINT      NOT NULL,
    KEY accounts_village (village_id, kind, closed_on)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
-- +goose Down
DROP TABLE accounts;
