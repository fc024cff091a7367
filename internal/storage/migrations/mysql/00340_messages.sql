-- +goose Up
-- What people are told. to_id: the user, household or (for its officials) village that is told.
CREATE TABLE messages (
    id           BIGINT       NOT NULL PRIMARY KEY,
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
    at_ms        BIGINT       NOT NULL,
    KEY messages_to (to_id, id),
    KEY messages_village (village_id),
    KEY messages_at (at_ms)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
-- +goose Down
DROP TABLE messages;
