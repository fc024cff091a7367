-- +goose Up
-- status (one at a time) and flags (any number) of a household, with terms
CREATE TABLE household_states (
    id           INTEGER NOT NULL PRIMARY KEY,
    village_id   BIGINT NOT NULL,
    household_id BIGINT NOT NULL,
    kind         VARCHAR(8) NOT NULL,
    value        VARCHAR(40) NOT NULL,
    from_day     INT NOT NULL,
    to_day       INT NOT NULL,
    set_by       BIGINT NOT NULL,
    CHECK (kind IN ('status', 'flag')),
    CHECK (from_day <= to_day)
);
CREATE INDEX household_states_household ON household_states (household_id, to_day);
CREATE INDEX household_states_village ON household_states (village_id, to_day);

-- +goose Down
DROP TABLE household_states;
