-- +goose Up
-- Complaints and suggestions. author: the user who speaks, 0 where an official wrote it down for the household.
-- to_town: about the village's officials, who do not see it. raised_on: since when the town sees it.
CREATE TABLE voices (
    id           INTEGER      NOT NULL PRIMARY KEY,
    village_id   BIGINT       NOT NULL,
    kind         VARCHAR(10)  NOT NULL CHECK (kind IN ('complaint','suggestion')),
    to_town      INT          NOT NULL,
    household_id BIGINT       NOT NULL,
    member_id    BIGINT       NOT NULL,
    author       BIGINT       NOT NULL,
    entered_by   BIGINT       NOT NULL,
    text         VARCHAR(500) NOT NULL,
    may_be_shown INT          NOT NULL,
    shown        INT          NOT NULL,
    state        VARCHAR(10)  NOT NULL CHECK (state IN ('open','answered','withdrawn')),
    due_on       INT          NOT NULL,
    raised_on    INT          NOT NULL,
    raised_why   VARCHAR(12)  NOT NULL,
    answer       VARCHAR(500) NOT NULL,
    answered_by  BIGINT       NOT NULL,
    answered_at  BIGINT       NOT NULL,
    rating       INT          NOT NULL CHECK (rating BETWEEN 0 AND 3),
    rating_note  VARCHAR(200) NOT NULL,
    made_at      BIGINT       NOT NULL
);
CREATE INDEX voices_village ON voices (village_id, id);
CREATE INDEX voices_household ON voices (household_id, state);
CREATE INDEX voices_author ON voices (author, id);
CREATE INDEX voices_due ON voices (state, raised_on, due_on);
-- +goose Down
DROP TABLE voices;
