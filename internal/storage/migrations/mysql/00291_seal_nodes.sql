-- +goose Up
-- Append-only: the full subtrees of a village's tree from 256 leaves up. Smaller ones are hashed from the leaves when needed.
CREATE TABLE seal_nodes (
    village_id BIGINT NOT NULL,
    level INT NOT NULL,
    node_index BIGINT NOT NULL,
    hash VARBINARY(32) NOT NULL,
    PRIMARY KEY (village_id, level, node_index)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
-- +goose Down
DROP TABLE seal_nodes;
