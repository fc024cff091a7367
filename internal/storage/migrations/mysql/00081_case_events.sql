-- +goose Up
-- Append-only: each step of a case or an inspection after it was entered, with who, when and why.
CREATE TABLE case_events (
    id         BIGINT       NOT NULL PRIMARY KEY,
    village_id BIGINT       NOT NULL,
    case_id    BIGINT       NOT NULL,
    at_ms      BIGINT       NOT NULL,
    by_user    BIGINT       NOT NULL,
    from_state VARCHAR(10)  NOT NULL,
    to_state   VARCHAR(10)  NOT NULL,
    why        VARCHAR(500) NOT NULL,
    KEY case_events_case (case_id, id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
-- +goose Down
DROP TABLE case_events;
