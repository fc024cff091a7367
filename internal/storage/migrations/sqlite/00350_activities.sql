-- +goose Up
-- An event at which people check in. joined: who is on its list; its update is the lock of the list. closer and lease_until: who
-- is making the records, until when nobody else may.
CREATE TABLE activities (
    id          INTEGER      NOT NULL PRIMARY KEY,
    village_id  BIGINT       NOT NULL,
    item        VARCHAR(32)  NOT NULL,
    item_name   VARCHAR(120) NOT NULL,
    title       VARCHAR(40)  NOT NULL,
    place       VARCHAR(40)  NOT NULL,
    starts_at   BIGINT       NOT NULL,
    ends_at     BIGINT       NOT NULL,
    capacity    INT          NOT NULL,
    joined      INT          NOT NULL CHECK (joined >= 0),
    needs_photo INT          NOT NULL,
    points      BIGINT       NOT NULL,
    grade       VARCHAR(32)  NOT NULL,
    quantity    BIGINT       NOT NULL,
    organiser   BIGINT       NOT NULL,
    state       VARCHAR(10)  NOT NULL CHECK (state IN ('open','closing','closed','cancelled')),
    closer      BIGINT       NOT NULL,
    lease_until BIGINT       NOT NULL,
    why         VARCHAR(200) NOT NULL,
    made_at     BIGINT       NOT NULL,
    closed_at   BIGINT       NOT NULL
);
CREATE INDEX activities_village ON activities (village_id, id);
-- +goose Down
DROP TABLE activities;
