-- +goose Up
-- Append-only: the full subtrees of a village's tree from 256 leaves up. Smaller ones are hashed from the leaves when needed.
CREATE TABLE seal_nodes (
    village_id BIGINT NOT NULL,
    level INT NOT NULL,
    node_index BIGINT NOT NULL,
    hash BLOB NOT NULL,
    PRIMARY KEY (village_id, level, node_index)
) WITHOUT ROWID;
-- +goose Down
DROP TABLE seal_nodes;
