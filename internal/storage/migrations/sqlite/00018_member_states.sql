-- +goose Up
-- status (one at a time) and flags (any number) of a person, with terms
CREATE TABLE member_states (
    id         INTEGER NOT NULL PRIMARY KEY,
    village_id BIGINT NOT NULL,
    member_id  BIGINT NOT NULL,
    kind       VARCHAR(8) NOT NULL,
    value      VARCHAR(40) NOT NULL,
    from_day   INT NOT NULL,
    to_day     INT NOT NULL,
    set_by     BIGINT NOT NULL,
    CHECK (kind IN ('status', 'flag')),
    CHECK (from_day <= to_day)
);
CREATE INDEX member_states_member ON member_states (member_id, to_day);
CREATE INDEX member_states_village ON member_states (village_id, to_day);

-- +goose Down
DROP TABLE member_states;
