-- +goose Up
-- One row per deed and account. How it was entered stands here (author, created_at, entered_as, way); each later step is a row
-- of case_events. decided_no orders the decisions that share limits; 0 while undecided. was: the state before an objection.
-- notice_id, published_on and until_on: the notice on which it stands, since when, and the last day for objections to it.
CREATE TABLE cases (
    id           INTEGER      NOT NULL PRIMARY KEY,
    village_id   BIGINT       NOT NULL,
    batch_id     BIGINT       NOT NULL,
    account_id   BIGINT       NOT NULL,
    household_id BIGINT       NOT NULL,
    member_id    BIGINT       NOT NULL,
    group_id     BIGINT       NOT NULL,
    item         VARCHAR(32)  NOT NULL,
    item_name    VARCHAR(120) NOT NULL,
    class        VARCHAR(32)  NOT NULL,
    scheme_id    BIGINT       NOT NULL,
    occurred_on  INT          NOT NULL,
    counted_on   INT          NOT NULL,
    state        VARCHAR(10)  NOT NULL,
    entered_as   VARCHAR(10)  NOT NULL,
    points       BIGINT       NOT NULL,
    grade        VARCHAR(32)  NOT NULL,
    grade_name   VARCHAR(120) NOT NULL,
    quantity     BIGINT       NOT NULL,
    note         VARCHAR(500) NOT NULL,
    value        BIGINT       NOT NULL,
    counted      BIGINT       NOT NULL,
    warned       INT          NOT NULL CHECK (warned IN (0, 1)),
    reasons      TEXT         NOT NULL,
    decided_no   BIGINT       NOT NULL CHECK (decided_no > 0 OR state IN ('draft','submitted','rejected','withdrawn')),
    revision     INT          NOT NULL,
    levels       INT          NOT NULL,
    approvals    INT          NOT NULL,
    author       BIGINT       NOT NULL,
    decider      BIGINT       NOT NULL,
    created_at   BIGINT       NOT NULL,
    decided_at   BIGINT       NOT NULL,
    changed_at   BIGINT       NOT NULL,
    event_id     BIGINT       NOT NULL DEFAULT 0,
    replaced     BIGINT       NOT NULL DEFAULT 0,
    was          VARCHAR(10)  NOT NULL DEFAULT '',
    notice_id    BIGINT       NOT NULL DEFAULT 0,
    published_on INT          NOT NULL DEFAULT 0,
    until_on     INT          NOT NULL DEFAULT 0,
    way          VARCHAR(10)  NOT NULL DEFAULT ''
);
CREATE INDEX cases_history ON cases (account_id, occurred_on);
CREATE INDEX cases_state ON cases (village_id, state, id);
CREATE INDEX cases_household ON cases (household_id, id);
CREATE INDEX cases_author ON cases (author, id);
CREATE INDEX cases_batch ON cases (batch_id);
CREATE INDEX cases_decided ON cases (village_id, decided_at);
-- +goose Down
DROP TABLE cases;
