-- +goose Up
-- What people are told. to_id: the user, household or (for its officials) village that is told.
CREATE TABLE messages (
    id           INTEGER      NOT NULL PRIMARY KEY,
    village_id   BIGINT       NOT NULL,
    to_id        BIGINT       NOT NULL,
    household_id BIGINT       NOT NULL,
    member_id    BIGINT       NOT NULL,
    user_id      BIGINT       NOT NULL,
    kind         VARCHAR(12)  NOT NULL,
    title        VARCHAR(60)  NOT NULL,
    body         VARCHAR(500) NOT NULL,
    about_kind   VARCHAR(16)  NOT NULL,
    about_id     BIGINT       NOT NULL,
    at_ms        BIGINT       NOT NULL
);
CREATE INDEX messages_to ON messages (to_id, id);
CREATE INDEX messages_village ON messages (village_id);
CREATE INDEX messages_at ON messages (at_ms);
-- +goose Down
DROP TABLE messages;
