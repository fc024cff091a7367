-- +goose Up
-- Append-only: facts beside the entries that stand in a village's tree, such as the hash of a frozen award list. Their leaf has the
-- note's id as entry and account, bucket 'note', and no wallet.
CREATE TABLE seal_notes (
    id BIGINT NOT NULL,
    village_id BIGINT NOT NULL,
    kind VARCHAR(16) NOT NULL,
    about_id BIGINT NOT NULL,
    hash VARCHAR(64) NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (id),
    UNIQUE KEY seal_notes_about (kind, about_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
-- +goose Down
DROP TABLE seal_notes;
