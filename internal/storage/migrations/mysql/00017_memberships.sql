-- +goose Up
-- who belonged to which household as what, and when
CREATE TABLE memberships (
    id           BIGINT NOT NULL,
    village_id   BIGINT NOT NULL,
    member_id    BIGINT NOT NULL,
    household_id BIGINT NOT NULL,
    relation     VARCHAR(20) NOT NULL,
    from_day     INT NOT NULL,
    to_day       INT NOT NULL,
    set_by       BIGINT NOT NULL,
    PRIMARY KEY (id),
    KEY memberships_member (member_id, to_day),
    KEY memberships_household (household_id, to_day),
    KEY memberships_village (village_id, to_day),
    CHECK (from_day <= to_day)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- +goose Down
DROP TABLE memberships;
