-- +goose Up
-- The pieces of an upload that has not come to its end, side by side from offset 0 to uploads.received.
CREATE TABLE upload_chunks (
    upload_id BIGINT NOT NULL,
    at_offset BIGINT NOT NULL,
    data      BLOB NOT NULL,
    PRIMARY KEY (upload_id, at_offset)
);
-- +goose Down
DROP TABLE upload_chunks;
