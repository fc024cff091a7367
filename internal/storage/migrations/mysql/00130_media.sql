-- +goose Up
-- One row per picture, by the SHA-256 of the bytes as stored. When the bytes go, the row stays: the fact and its hash.
-- purging: the bytes are being removed and may not be used any more.
CREATE TABLE media (
    id         BIGINT NOT NULL PRIMARY KEY,
    hash       VARCHAR(64) NOT NULL,
    bytes      BIGINT NOT NULL CHECK (bytes > 0),
    width      INT NOT NULL,
    height     INT NOT NULL,
    state      VARCHAR(8) NOT NULL CHECK (state IN ('kept','purging','purged')),
    rev        BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    purged_at  BIGINT NOT NULL,
    UNIQUE KEY media_hash (hash),
    KEY media_state (state, created_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
-- +goose Down
DROP TABLE media;
