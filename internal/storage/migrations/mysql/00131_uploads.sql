-- +goose Up
-- What a user has sent or is sending, by the hash of the original, which the device knows before it has a connection. hash is
-- that of the picture about to be stored, so that an upload that broke off there leaves nothing behind unknown.
CREATE TABLE uploads (
    id         BIGINT NOT NULL PRIMARY KEY,
    village_id BIGINT NOT NULL,
    user_id    BIGINT NOT NULL,
    sha256     VARCHAR(64) NOT NULL,
    size       BIGINT NOT NULL CHECK (size > 0),
    received   BIGINT NOT NULL CHECK (received BETWEEN 0 AND size),
    state      VARCHAR(8) NOT NULL CHECK (state IN ('open','done')),
    hash       VARCHAR(64) NOT NULL,
    media_id   BIGINT NOT NULL,
    rev        BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    UNIQUE KEY uploads_original (village_id, user_id, sha256),
    KEY uploads_user (user_id, created_at),
    KEY uploads_state (state, changed_at),
    KEY uploads_media (media_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
-- +goose Down
DROP TABLE uploads;
