-- +goose Up
-- A login, named by the SHA-256 of its token. A session that is revoked is deleted.
CREATE TABLE sessions (
    token_hash BLOB NOT NULL,
    user_id    BIGINT NOT NULL,
    device     VARCHAR(60) NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (token_hash)
) WITHOUT ROWID;
CREATE INDEX sessions_user ON sessions (user_id, created_at);
-- +goose Down
DROP TABLE sessions;
