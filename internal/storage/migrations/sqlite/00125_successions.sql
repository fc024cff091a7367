-- +goose Up
-- a split, merge, move, death, dissolution or merger of villages as it was decided
CREATE TABLE successions (
    id         INTEGER NOT NULL PRIMARY KEY,
    village_id BIGINT NOT NULL,
    kind       VARCHAR(16) NOT NULL,
    day        INT NOT NULL,
    decided_by VARCHAR(120) NOT NULL,
    note       VARCHAR(500) NOT NULL,
    by_id      BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    CHECK (kind IN ('split', 'merge', 'move', 'death', 'dissolve', 'villages'))
);
CREATE INDEX successions_village ON successions (village_id, id);

-- +goose Down
DROP TABLE successions;
