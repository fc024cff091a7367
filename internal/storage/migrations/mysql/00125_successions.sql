-- +goose Up
-- a split, merge, move, death, dissolution or merger of villages as it was decided
CREATE TABLE successions (
    id         BIGINT NOT NULL,
    village_id BIGINT NOT NULL,
    kind       VARCHAR(16) NOT NULL,
    day        INT NOT NULL,
    decided_by VARCHAR(120) NOT NULL,
    note       VARCHAR(500) NOT NULL,
    by_id      BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (id),
    KEY successions_village (village_id, id),
    CHECK (kind IN ('split', 'merge', 'move', 'death', 'dissolve', 'villages'))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- +goose Down
DROP TABLE successions;
