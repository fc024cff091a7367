-- +goose Up
-- Append-only: each seal of a village, by the number of its leaves.
CREATE TABLE seal_heads (
    village_id BIGINT NOT NULL,
    size BIGINT NOT NULL,
    root VARBINARY(32) NOT NULL,
    sealed_at BIGINT NOT NULL,
    PRIMARY KEY (village_id, size)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
-- +goose Down
DROP TABLE seal_heads;
