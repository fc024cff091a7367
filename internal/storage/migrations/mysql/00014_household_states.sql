-- +goose Up
-- status (one at a time) and flags (any number) of a household, with terms
CREATE TABLE household_states (
    id           BIGINT NOT NULL,
    village_id   BIGINT NOT NULL,
    household_id BIGINT NOT NULL,
    kind         VARCHAR(8) NOT NULL,
    value        VARCHAR(40) NOT NULL,
    from_day     INT NOT NULL,
    to_day       INT NOT NULL,
    set_by       BIGINT NOT NULL,
    PRIMARY KEY (id),
    KEY household_states_household (household_id, to_day),
    KEY household_states_village (village_id, to_day),
    CHECK (kind IN ('status', 'flag')),
    CHECK (from_day <= to_day)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- +goose Down
DROP TABLE household_states;
