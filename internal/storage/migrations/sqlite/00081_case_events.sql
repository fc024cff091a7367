-- +goose Up
-- Append-only: each step of a case or an inspection after it was entered, with who, when and why.
CREATE TABLE case_events (
    id         INTEGER      NOT NULL PRIMARY KEY,
    village_id BIGINT       NOT NULL,
    case_id    BIGINT       NOT NULL,
    at_ms      BIGINT       NOT NULL,
    by_user    BIGINT       NOT NULL,
    from_state VARCHAR(10)  NOT NULL,
    to_state   VARCHAR(10)  NOT NULL,
    why        VARCHAR(500) NOT NULL
);
CREATE INDEX case_events_case ON case_events (case_id, id);
-- +goose Down
DROP TABLE case_events;
