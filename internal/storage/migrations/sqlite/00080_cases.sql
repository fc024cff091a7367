-- +goose Up
-- One row per deed and account. How it was entered stands here (author, created_at, entered_as); each later step is a row
-- of case_events. decided_no orders the decisions that share limits; 0 while undecided.
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
    state        VARCHAR(10)  NOT NULL CHECK (state IN ('draft','submitted','effective','amended','rejected','withdrawn','reversed')),
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
    decided_no   BIGINT       NOT NULL CHECK (decided_no > 0 OR state NOT IN ('effective','amended','reversed')),
    revision     INT          NOT NULL,
    levels       INT          NOT NULL,
    approvals    INT          NOT NULL,
    author       BIGINT       NOT NULL,
    decider      BIGINT       NOT NULL,
    created_at   BIGINT       NOT NULL,
    decided_at   BIGINT       NOT NULL,
    changed_at   BIGINT       NOT NULL
);
CREATE INDEX cases_history ON cases (account_id, occurred_on);
CREATE INDEX cases_state ON cases (village_id, state, id);
CREATE INDEX cases_household ON cases (household_id, id);
CREATE INDEX cases_author ON cases (author, id);
CREATE INDEX cases_batch ON cases (batch_id);
-- +goose Down
DROP TABLE cases;
