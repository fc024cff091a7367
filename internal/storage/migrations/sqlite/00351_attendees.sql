-- +goose Up
-- Who is on the list of an event, each once; who_id is the member, or the household where no member is named. batch_id: of the
-- record that was made, 0 before.
CREATE TABLE attendees (
    id           INTEGER      NOT NULL PRIMARY KEY,
    activity_id  BIGINT       NOT NULL,
    village_id   BIGINT       NOT NULL,
    who_id       BIGINT       NOT NULL,
    household_id BIGINT       NOT NULL,
    member_id    BIGINT       NOT NULL,
    by_user      BIGINT       NOT NULL,
    how          VARCHAR(8)   NOT NULL CHECK (how IN ('code','offline','late')),
    state        VARCHAR(8)   NOT NULL CHECK (state IN ('in','asked','removed')),
    at_ms        BIGINT       NOT NULL,
    batch_id     BIGINT       NOT NULL,
    refused      VARCHAR(200) NOT NULL
);
CREATE UNIQUE INDEX attendees_once ON attendees (activity_id, who_id);
CREATE INDEX attendees_household ON attendees (household_id, activity_id);
CREATE INDEX attendees_village ON attendees (village_id);
-- +goose Down
DROP TABLE attendees;
