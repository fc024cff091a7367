-- +goose Up
-- what each account may spend within a lease; spent is the sum of the returns that were posted
CREATE TABLE lease_lines (
    lease_id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    household_id BIGINT NOT NULL,
    member_id BIGINT NOT NULL,
    budget BIGINT NOT NULL CHECK (budget >= 0),
    spent BIGINT NOT NULL CHECK (spent >= 0),
    PRIMARY KEY (lease_id, account_id),
    CHECK (spent <= budget)
);
-- +goose Down
DROP TABLE lease_lines;
