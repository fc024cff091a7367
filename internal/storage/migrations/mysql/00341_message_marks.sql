-- +goose Up
-- Up to which message a user has read; one row per user, so each phone of a family has its own.
CREATE TABLE message_marks (
    user_id   BIGINT  NOT NULL PRIMARY KEY,
    read_to   BIGINT  NOT NULL,
    marked_at BIGINT  NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
-- +goose Down
DROP TABLE message_marks;
