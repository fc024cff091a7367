-- +goose Up
-- One row per write a client sent: the id its device made, a hash of what it asked, the record that came of it.
CREATE TABLE requests (
    user_id    BIGINT      NOT NULL,
    request_id VARCHAR(64) NOT NULL,
    op         VARCHAR(40) NOT NULL,
    body_hash  BLOB        NOT NULL,
    ref_id     BIGINT      NOT NULL,
    created_at BIGINT      NOT NULL,
    PRIMARY KEY (user_id, request_id)
) WITHOUT ROWID;
CREATE INDEX requests_created ON requests (created_at);
-- +goose Down
DROP TABLE requests;
