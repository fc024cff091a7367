-- +goose Up
-- Wrong codes of a user for an event.
CREATE TABLE activity_misses (
    activity_id BIGINT NOT NULL,
    user_id     BIGINT NOT NULL,
    misses      INT    NOT NULL,
    missed_at   BIGINT NOT NULL,
    PRIMARY KEY (activity_id, user_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
-- +goose Down
DROP TABLE activity_misses;
