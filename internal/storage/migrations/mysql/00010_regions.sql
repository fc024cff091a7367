-- +goose Up
-- county, town, village, group; rev is the lock taken by whoever changes a village people
CREATE TABLE regions (
    id         BIGINT NOT NULL,
    parent_id  BIGINT NOT NULL,
    kind       VARCHAR(8) NOT NULL,
    county_id  BIGINT NOT NULL,
    town_id    BIGINT NOT NULL,
    village_id BIGINT NOT NULL,
    code       VARCHAR(32) NOT NULL,
    name       VARCHAR(60) NOT NULL,
    pinyin     VARCHAR(240) NOT NULL,
    rev        BIGINT NOT NULL DEFAULT 0,
    from_day   INT NOT NULL,
    to_day     INT NOT NULL,
    into_id    BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (id),
    UNIQUE KEY regions_code (parent_id, code),
    KEY regions_village (village_id, kind),
    KEY regions_town (town_id, kind),
    CHECK (kind IN ('county', 'town', 'village', 'group')),
    CHECK (from_day <= to_day)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- +goose Down
DROP TABLE regions;
