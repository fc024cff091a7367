-- +goose Up
-- Append-only: each seal of a village, by the number of its leaves.
CREATE TABLE seal_heads (
    village_id BIGINT NOT NULL,
    size BIGINT NOT NULL,
    root BLOB NOT NULL,
    sealed_at BIGINT NOT NULL,
    PRIMARY KEY (village_id, size)
) WITHOUT ROWID;
-- +goose Down
DROP TABLE seal_heads;
