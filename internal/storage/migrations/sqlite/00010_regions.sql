-- +goose Up
-- county, town, village, group; rev is the lock taken by whoever changes a village people
CREATE TABLE regions (
    id         INTEGER NOT NULL PRIMARY KEY,
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
    CHECK (kind IN ('county', 'town', 'village', 'group')),
    CHECK (from_day <= to_day)
);
CREATE UNIQUE INDEX regions_code ON regions (parent_id, code);
CREATE INDEX regions_village ON regions (village_id, kind);
CREATE INDEX regions_town ON regions (town_id, kind);

-- +goose Down
DROP TABLE regions;
