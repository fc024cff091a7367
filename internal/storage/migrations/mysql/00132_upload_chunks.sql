-- +goose Up
-- The pieces of an upload that has not come to its end, side by side from offset 0 to uploads.received.
CREATE TABLE upload_chunks (
    upload_id BIGINT NOT NULL,
    at_offset BIGINT NOT NULL,
    data      MEDIUMBLOB NOT NULL,
    PRIMARY KEY (upload_id, at_offset)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
-- +goose Down
DROP TABLE upload_chunks;
