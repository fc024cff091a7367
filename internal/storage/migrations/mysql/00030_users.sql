-- +goose Up
-- A person who has logged in. rev is the lock of everything about one user.
CREATE TABLE users (
    id         BIGINT NOT NULL,
    name       VARCHAR(60) NOT NULL,
    state      VARCHAR(8) NOT NULL,
    phone_enc  VARBINARY(128) NOT NULL,
    phone_idx  VARBINARY(32) NOT NULL,
    created_at BIGINT NOT NULL,
    rev        BIGINT NOT NULL,
    PRIMARY KEY (id),
    KEY users_phone (phone_idx),
    CHECK (state IN ('active', 'closed'))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
-- +goose Down
DROP TABLE users;
