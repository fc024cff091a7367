-- +goose Up
-- One row per write a client sent: the id its device made, a hash of what it asked, the record that came of it.
CREATE TABLE requests (
    user_id    BIGINT        NOT NULL,
    request_id VARCHAR(64)   NOT NULL,
    op         VARCHAR(40)   NOT NULL,
    body_hash  VARBINARY(32) NOT NULL,
    ref_id     BIGINT        NOT NULL,
    created_at BIGINT        NOT NULL,
    PRIMARY KEY (user_id, request_id),
    KEY requests_created (created_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
-- +goose Down
DROP TABLE requests;
