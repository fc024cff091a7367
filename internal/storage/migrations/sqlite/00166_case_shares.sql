-- +goose Up
-- Whom a case touches beside its own account: as named when it was entered, and what it counts for them once decided.
CREATE TABLE case_shares (
    case_id      BIGINT NOT NULL,
    line         INT NOT NULL,
    village_id   BIGINT NOT NULL,
    role         VARCHAR(32) NOT NULL,
    relation     VARCHAR(20) NOT NULL,
    found        INT NOT NULL CHECK (found IN (0, 1)),
    account_id   BIGINT NOT NULL,
    household_id BIGINT NOT NULL,
    member_id    BIGINT NOT NULL,
    group_id     BIGINT NOT NULL,
    value        BIGINT NOT NULL,
    counted      BIGINT NOT NULL,
    replaced     BIGINT NOT NULL,
    warned       INT NOT NULL CHECK (warned IN (0, 1)),
    PRIMARY KEY (case_id, line)
);
CREATE INDEX case_shares_account ON case_shares (account_id, case_id);
-- +goose Down
DROP TABLE case_shares;
