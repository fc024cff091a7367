-- +goose Up
-- a points supermarket: owned by a village or a town; its stock and its statement are its own
CREATE TABLE shops (
    id         BIGINT NOT NULL PRIMARY KEY,
    owner_id   BIGINT NOT NULL,
    name       VARCHAR(60) NOT NULL,
    address    VARCHAR(120) NOT NULL,
    hours      VARCHAR(120) NOT NULL,
    state      VARCHAR(8) NOT NULL,
    created_by BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    rev        BIGINT NOT NULL DEFAULT 0,
    CHECK (state IN ('open', 'paused', 'closed')),
    UNIQUE KEY shops_name (owner_id, name)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
-- +goose Down
DROP TABLE shops;
