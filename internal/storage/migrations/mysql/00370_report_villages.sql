-- +goose Up
-- What a village stands at as of the last roll-up. rev is taken by whoever rolls up.
CREATE TABLE report_villages (
    village_id      BIGINT NOT NULL,
    rev             BIGINT NOT NULL,
    as_of           BIGINT NOT NULL,
    on_day          INT NOT NULL,
    households      BIGINT NOT NULL,
    accounts        BIGINT NOT NULL,
    outstanding     BIGINT NOT NULL,
    waiting         BIGINT NOT NULL,
    late_reviews    BIGINT NOT NULL,
    late_objections BIGINT NOT NULL,
    PRIMARY KEY (village_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
-- +goose Down
DROP TABLE report_villages;
