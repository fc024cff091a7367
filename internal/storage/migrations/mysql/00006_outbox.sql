-- +goose Up
-- What must happen outside the database after a transaction: one row per event, marked done when it has happened.
CREATE TABLE outbox (
    id         BIGINT      NOT NULL PRIMARY KEY,
    village_id BIGINT      NOT NULL,
    topic      VARCHAR(40) NOT NULL,
    payload    MEDIUMTEXT  NOT NULL,
    created_at BIGINT      NOT NULL,
    done_at    BIGINT      NOT NULL DEFAULT 0,
    KEY outbox_undone (done_at, topic, village_id, id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
-- +goose Down
DROP TABLE outbox;
