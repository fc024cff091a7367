-- +goose Up
-- numbers a household once had, in its village or in the one that was merged
CREATE TABLE household_aliases (
    id            BIGINT NOT NULL,
    village_id    BIGINT NOT NULL,
    household_id  BIGINT NOT NULL,
    number        VARCHAR(20) NOT NULL,
    of_village_id BIGINT NOT NULL,
    ended_day     INT NOT NULL,
    PRIMARY KEY (id),
    KEY household_aliases_number (village_id, number),
    KEY household_aliases_household (household_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- +goose Down
DROP TABLE household_aliases;
