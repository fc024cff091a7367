-- +goose Up
-- a household; name, pinyin and initials show the present householder
CREATE TABLE households (
    id         INTEGER NOT NULL PRIMARY KEY,
    village_id BIGINT NOT NULL,
    number     VARCHAR(20) NOT NULL,
    name       VARCHAR(60) NOT NULL,
    pinyin     VARCHAR(240) NOT NULL,
    initials   VARCHAR(60) NOT NULL,
    created_at BIGINT NOT NULL,
    from_day   INT NOT NULL,
    to_day     INT NOT NULL,
    CHECK (from_day <= to_day)
);
CREATE UNIQUE INDEX households_number ON households (village_id, number);
CREATE INDEX households_order ON households (village_id, pinyin, id);

-- +goose Down
DROP TABLE households;
