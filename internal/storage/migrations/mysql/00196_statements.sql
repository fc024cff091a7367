-- +goose Up
-- what a shop gave a village's people in a month, at its worth: the account that a partner store is paid by
CREATE TABLE statements (
    id BIGINT NOT NULL PRIMARY KEY,
    shop_id BIGINT NOT NULL,
    village_id BIGINT NOT NULL,
    month INT NOT NULL,
    state VARCHAR(10) NOT NULL,
    pieces INT NOT NULL,
    amount BIGINT NOT NULL,
    worth_fen BIGINT NOT NULL,
    body MEDIUMTEXT NOT NULL,
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
    CHECK (state IN ('waiting', 'approved', 'paid', 'returned')),
    UNIQUE KEY statements_month (shop_id, village_id, month, open_key),
    KEY statements_village (village_id, id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
-- +goose Down
DROP TABLE statements;
