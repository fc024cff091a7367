-- +goose Up
-- One row per limit that several accounts share (a group's quota, a village's budget): locked before it is read.
CREATE TABLE guards (
    k   VARCHAR(120) NOT NULL PRIMARY KEY,
    rev BIGINT       NOT NULL
) WITHOUT ROWID;
-- +goose Down
DROP TABLE guards;
