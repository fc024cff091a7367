-- +goose Up
-- a points supermarket: owned by a village or a town; its stock and its statement are its own
CREATE TABLE shops (
    id         INTEGER NOT NULL PRIMARY KEY,
    owner_id   BIGINT NOT NULL,
    name       VARCHAR(60) NOT NULL,
    address    VARCHAR(120) NOT NULL,
    hours      VARCHAR(120) NOT NULL,
    state      VARCHAR(8) NOT NULL,
    created_by BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    rev        BIGINT NOT NULL DEFAULT 0,
    CHECK (state IN ('open', 'paused', 'closed'))
);
CREATE UNIQUE INDEX shops_name ON shops (owner_id, name);
-- +goose Down
DROP TABLE shops;
