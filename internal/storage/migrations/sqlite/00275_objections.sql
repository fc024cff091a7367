-- +goose Up
-- What somebody said against a case (异议), and the answer. household_id: on whose behalf; how: app, or how an official heard it.
-- was: where the case stood; frozen and short: points that could be frozen and that had been spent, in hundredths. outcome is
-- empty while it is open; raised_at: when it went up to the town because nobody had settled it by due_on.
CREATE TABLE objections (
    id           INTEGER      NOT NULL PRIMARY KEY,
    village_id   BIGINT       NOT NULL,
    case_id      BIGINT       NOT NULL,
    household_id BIGINT       NOT NULL,
    by_user      BIGINT       NOT NULL,
    name         VARCHAR(60)  NOT NULL,
    how          VARCHAR(10)  NOT NULL CHECK (how IN ('app','visit','phone','letter')),
    said         VARCHAR(500) NOT NULL,
    was          VARCHAR(10)  NOT NULL,
    frozen       BIGINT       NOT NULL,
    short        BIGINT       NOT NULL,
    made_at      BIGINT       NOT NULL,
    due_on       INT          NOT NULL,
    raised_at    BIGINT       NOT NULL,
    outcome      VARCHAR(10)  NOT NULL CHECK (outcome IN ('','kept','amended','removed','withdrawn')),
    answer       VARCHAR(500) NOT NULL,
    decided_by   BIGINT       NOT NULL,
    decided_at   BIGINT       NOT NULL,
    CHECK (decided_at > 0 OR outcome = '')
);
CREATE INDEX objections_case ON objections (case_id, id);
CREATE INDEX objections_open ON objections (village_id, outcome, due_on);
CREATE INDEX objections_household ON objections (household_id, id);
-- +goose Down
DROP TABLE objections;
