-- +goose Up
-- a count of a shop's shelves; differences above the shop's limit wait for a second person
CREATE TABLE stocktakes (
    id INTEGER NOT NULL PRIMARY KEY,
    shop_id BIGINT NOT NULL,
    state VARCHAR(10) NOT NULL,
    open_key BIGINT NOT NULL,
    started_by BIGINT NOT NULL,
    started_at BIGINT NOT NULL,
    counted_on INT NOT NULL,
    sent_by BIGINT NOT NULL DEFAULT 0,
    sent_at BIGINT NOT NULL DEFAULT 0,
    ended_by BIGINT NOT NULL DEFAULT 0,
    ended_at BIGINT NOT NULL DEFAULT 0,
    note VARCHAR(200) NOT NULL,
    rev BIGINT NOT NULL DEFAULT 0,
    CHECK (state IN ('counting', 'waiting', 'done', 'dropped'))
);
CREATE UNIQUE INDEX stocktakes_open ON stocktakes (shop_id, open_key);
CREATE INDEX stocktakes_shop ON stocktakes (shop_id, id);
-- +goose Down
DROP TABLE stocktakes;
