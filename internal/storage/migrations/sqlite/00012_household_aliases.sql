-- +goose Up
-- numbers a household once had, in its village or in the one that was merged
CREATE TABLE household_aliases (
    id            INTEGER NOT NULL PRIMARY KEY,
    village_id    BIGINT NOT NULL,
    household_id  BIGINT NOT NULL,
    number        VARCHAR(20) NOT NULL,
    of_village_id BIGINT NOT NULL,
    ended_day     INT NOT NULL
);
CREATE INDEX household_aliases_number ON household_aliases (village_id, number);
CREATE INDEX household_aliases_household ON household_aliases (household_id);

-- +goose Down
DROP TABLE household_aliases;
