-- +goose Up
-- who answers for which household (党员联户), and when
CREATE TABLE links (
    id           BIGINT NOT NULL PRIMARY KEY,
    village_id   BIGINT NOT NULL,
    member_id    BIGINT NOT NULL,
    household_id BIGINT NOT NULL,
    from_day     INT NOT NULL,
    to_day       INT NOT NULL,
    set_by       BIGINT NOT NULL,
    CHECK (from_day <= to_day)
);
CREATE INDEX links_household ON links (household_id, to_day);
CREATE INDEX links_member ON links (member_id, to_day);
-- +goose Down
DROP TABLE links;
