-- +goose Up
-- Append-only: facts beside the entries that stand in a village's tree, such as the hash of a frozen award list. Their leaf has the
-- note's id as entry and account, bucket 'note', and no wallet.
CREATE TABLE seal_notes (
    id BIGINT NOT NULL PRIMARY KEY,
    village_id BIGINT NOT NULL,
    kind VARCHAR(16) NOT NULL,
    about_id BIGINT NOT NULL,
    hash VARCHAR(64) NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX seal_notes_about ON seal_notes (kind, about_id);
-- +goose Down
DROP TABLE seal_notes;
