-- +goose Up
-- How often a user has tried something on a day.
CREATE TABLE tries (
    user_id BIGINT NOT NULL,
    kind    VARCHAR(12) NOT NULL,
    on_day  INT NOT NULL,
    n       INT NOT NULL,
    PRIMARY KEY (user_id, kind, on_day)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
-- +goose Down
DROP TABLE tries;
