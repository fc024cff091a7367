-- +goose Up
-- in which group a household was, and when
CREATE TABLE household_groups (
    id           BIGINT NOT NULL,
    village_id   BIGINT NOT NULL,
    household_id BIGINT NOT NULL,
    group_id     BIGINT NOT NULL,
    from_day     INT NOT NULL,
    to_day       INT NOT NULL,
    set_by       BIGINT NOT NULL,
    PRIMARY KEY (id),
    KEY household_groups_household (household_id, to_day),
    KEY household_groups_group (group_id, to_day),
    KEY household_groups_village (village_id, to_day),
    CHECK (from_day <= to_day)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- +goose Down
DROP TABLE household_groups;
