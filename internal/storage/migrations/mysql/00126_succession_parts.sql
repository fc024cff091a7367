-- +goose Up
-- the households, persons and regions a succession goes from and to
CREATE TABLE succession_parts (
    id            BIGINT NOT NULL,
    succession_id BIGINT NOT NULL,
    side          VARCHAR(8) NOT NULL,
    kind          VARCHAR(12) NOT NULL,
    owner_id      BIGINT NOT NULL,
    PRIMARY KEY (id),
    KEY succession_parts_succession (succession_id, id),
    KEY succession_parts_owner (owner_id),
    CHECK (side IN ('from', 'to')),
    CHECK (kind IN ('household', 'person', 'group', 'village'))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- +goose Down
DROP TABLE succession_parts;
