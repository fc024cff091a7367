-- +goose Up
-- One row per limit that several accounts share (a group's quota, a village's budget): locked before it is read.
CREATE TABLE guards (
    k   VARCHAR(120) NOT NULL PRIMARY KEY,
    rev BIGINT       NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
-- +goose Down
DROP TABLE guards;
