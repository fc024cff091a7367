-- +goose Up
-- One account per household, person, group or team; its id is its owner's. rev is the lock every posting takes first.
CREATE TABLE accounts (
    id         INTEGER     NOT NULL PRIMARY KEY,
    village_id BIGINT      NOT NULL,
    kind       VARCHAR(10) NOT NULL CHECK (kind IN ('household','person','group','team')),
    closed_on  INT         NOT NULL,
    rev        BIGINT      NOT NULL
);
CREATE INDEX accounts_village ON accounts (village_id, kind, closed_on);
-- +goose Down
DROP TABLE accounts;
