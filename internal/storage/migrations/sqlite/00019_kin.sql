-- +goose Up
-- households an official has declared as of relatives and may not decide on
CREATE TABLE kin (
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
CREATE INDEX kin_member ON kin (member_id, to_day);
CREATE INDEX kin_household ON kin (household_id, to_day);

-- +goose Down
DROP TABLE kin;
