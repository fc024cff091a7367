-- +goose Up
-- what a shop gave a village's people in a month, at its worth: the account that a partner store is paid by
CREATE TABLE statements (
    id INTEGER NOT NULL PRIMARY KEY,
    shop_id BIGINT NOT NULL,
    village_id BIGINT NOT NULL,
    month INT NOT NULL,
    state VARCHAR(10) NOT NULL,
    pieces INT NOT NULL,
    amount BIGINT NOT NULL,
    worth_fen BIGINT NOT NULL,
    body TEXT NOT NULL,
    note VARCHAR(200) NOT NULL,
    made_by BIGINT NOT NULL,
    made_at BIGINT NOT NULL,
    decided_by BIGINT NOT NULL DEFAULT 0,
    decided_at BIGINT NOT NULL DEFAULT 0,
    paid_fen BIGINT NOT NULL DEFAULT 0,
    paid_on INT NOT NULL DEFAULT 0,
    paid_note VARCHAR(200) NOT NULL DEFAULT '',
    paid_by BIGINT NOT NULL DEFAULT 0,
    open_key BIGINT NOT NULL,
    CHECK (state IN ('waiting', 'approved', 'paid', 'returned'))
);
CREATE UNIQUE INDEX statements_month ON statements (shop_id, village_id, month, open_key);
CREATE INDEX statements_village ON statements (village_id, id);
-- +goose Down
DROP TABLE statements;
