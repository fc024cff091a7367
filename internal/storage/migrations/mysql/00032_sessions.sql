-- +goose Up
-- A login, named by the SHA-256 of its token. A session that is revoked is deleted.
CREATE TABLE sessions (
    token_hash VARBINARY(32) NOT NULL,
    user_id    BIGINT NOT NULL,
    device     VARCHAR(60) NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (token_hash),
    KEY sessions_user (user_id, created_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
-- +goose Down
DROP TABLE sessions;
