-- +goose Up
-- Up to which message a user has read; one row per user, so each phone of a family has its own.
CREATE TABLE message_marks (
    user_id   INTEGER NOT NULL PRIMARY KEY,
    read_to   BIGINT  NOT NULL,
    marked_at BIGINT  NOT NULL
);
-- +goose Down
DROP TABLE message_marks;
