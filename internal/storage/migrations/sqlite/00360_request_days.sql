-- +goose Up
-- The day with which a deed from a device without signal was first dated, so that sending it again says the same.
CREATE TABLE request_days (
    user_id    BIGINT      NOT NULL,
    request_id VARCHAR(64) NOT NULL,
    day        INT         NOT NULL,
    created_at BIGINT      NOT NULL,
    PRIMARY KEY (user_id, request_id)
) WITHOUT ROWID;
-- +goose Down
DROP TABLE request_days;
