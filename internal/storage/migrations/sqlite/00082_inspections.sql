-- +goose Up
-- A round of looking at households for one item; its cases carry its id as batch_id.
CREATE TABLE inspections (
    id          INTEGER      NOT NULL PRIMARY KEY,
    village_id  BIGINT       NOT NULL,
    group_id    BIGINT       NOT NULL,
    item        VARCHAR(32)  NOT NULL,
    item_name   VARCHAR(120) NOT NULL,
    occurred_on INT          NOT NULL,
    state       VARCHAR(10)  NOT NULL CHECK (state IN ('draft','submitted','effective','withdrawn')),
    approvals   INT          NOT NULL,
    author      BIGINT       NOT NULL,
    decider     BIGINT       NOT NULL,
    created_at  BIGINT       NOT NULL,
    changed_at  BIGINT       NOT NULL,
    rev         BIGINT       NOT NULL
);
CREATE INDEX inspections_state ON inspections (village_id, state, id);
-- +goose Down
DROP TABLE inspections;
