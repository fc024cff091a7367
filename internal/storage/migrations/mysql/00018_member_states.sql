-- +goose Up
-- status (one at a time) and flags (any number) of a person, with terms
CREATE TABLE member_states (
    id         BIGINT NOT NULL,
    village_id BIGINT NOT NULL,
    member_id  BIGINT NOT NULL,
    kind       VARCHAR(8) NOT NULL,
    value      VARCHAR(40) NOT NULL,
    from_day   INT NOT NULL,
    to_day     INT NOT NULL,
    set_by     BIGINT NOT NULL,
    PRIMARY KEY (id),
    KEY member_states_member (member_id, to_day),
    KEY member_states_village (village_id, to_day),
    CHECK (kind IN ('status', 'flag')),
    CHECK (from_day <= to_day)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- +goose Down
DROP TABLE member_states;
