-- +goose Up
-- A person who has logged in. rev is the lock of everything about one user.
CREATE TABLE users (
    id         BIGINT NOT NULL,
    name       VARCHAR(60) NOT NULL,
    state      VARCHAR(8) NOT NULL,
    phone_enc  BLOB NOT NULL,
    phone_idx  BLOB NOT NULL,
    created_at BIGINT NOT NULL,
    rev        BIGINT NOT NULL,
    PRIMARY KEY (id),
    CHECK (state IN ('active', 'closed'))
);
CREATE INDEX users_phone ON users (phone_idx);
-- +goose Down
DROP TABLE users;
