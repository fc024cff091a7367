-- +goose Up
-- each redemption a device brought back from a lease, as it was sent; conflicts: what did not agree
CREATE TABLE lease_returns (
    id INTEGER NOT NULL PRIMARY KEY,
    lease_id BIGINT NOT NULL,
    village_id BIGINT NOT NULL,
    shop_id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    household_id BIGINT NOT NULL,
    redeemed_at BIGINT NOT NULL,
    received_at BIGINT NOT NULL,
    received_by BIGINT NOT NULL,
    total BIGINT NOT NULL CHECK (total > 0),
    owed BIGINT NOT NULL,
    redemption_id BIGINT NOT NULL,
    conflicts VARCHAR(120) NOT NULL,
    body TEXT NOT NULL,
    state VARCHAR(8) NOT NULL,
    note VARCHAR(200) NOT NULL DEFAULT '',
    decided_by BIGINT NOT NULL DEFAULT 0,
    decided_at BIGINT NOT NULL DEFAULT 0,
    CHECK (state IN ('posted', 'waiting', 'settled', 'dropped'))
);
CREATE INDEX lease_returns_lease ON lease_returns (lease_id, account_id);
CREATE INDEX lease_returns_open ON lease_returns (village_id, state, id);
-- +goose Down
DROP TABLE lease_returns;
