-- +goose Up
-- who belonged to which household as what, and when
CREATE TABLE memberships (
    id           INTEGER NOT NULL PRIMARY KEY,
    village_id   BIGINT NOT NULL,
    member_id    BIGINT NOT NULL,
    household_id BIGINT NOT NULL,
    relation     VARCHAR(20) NOT NULL,
    from_day     INT NOT NULL,
    to_day       INT NOT NULL,
    set_by       BIGINT NOT NULL,
    CHECK (from_day <= to_day)
);
CREATE INDEX memberships_member ON memberships (member_id, to_day);
CREATE INDEX memberships_household ON memberships (household_id, to_day);
CREATE INDEX memberships_village ON memberships (village_id, to_day);

-- +goose Down
DROP TABLE memberships;
