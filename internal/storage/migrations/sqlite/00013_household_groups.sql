-- +goose Up
-- in which group a household was, and when
CREATE TABLE household_groups (
    id           INTEGER NOT NULL PRIMARY KEY,
    village_id   BIGINT NOT NULL,
    household_id BIGINT NOT NULL,
    group_id     BIGINT NOT NULL,
    from_day     INT NOT NULL,
    to_day       INT NOT NULL,
    set_by       BIGINT NOT NULL,
    CHECK (from_day <= to_day)
);
CREATE INDEX household_groups_household ON household_groups (household_id, to_day);
CREATE INDEX household_groups_group ON household_groups (group_id, to_day);
CREATE INDEX household_groups_village ON household_groups (village_id, to_day);

-- +goose Down
DROP TABLE household_groups;
