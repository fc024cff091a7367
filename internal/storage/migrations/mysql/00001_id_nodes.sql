-- +goose Up
CREATE TABLE id_nodes (
    node     INT         NOT NULL PRIMARY KEY,
    holder   VARCHAR(32) NOT NULL,
    until_at BIGINT      NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
-- +goose Down
DROP TABLE id_nodes;
