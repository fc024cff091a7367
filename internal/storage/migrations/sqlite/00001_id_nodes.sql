-- +goose Up
CREATE TABLE id_nodes (
    node     INT         NOT NULL PRIMARY KEY,
    holder   VARCHAR(32) NOT NULL,
    until_at BIGINT      NOT NULL
);
-- +goose Down
DROP TABLE id_nodes;
