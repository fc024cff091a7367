-- +goose Up
-- The days of a month on which something happened.
CREATE TABLE report_days (
    village_id BIGINT NOT NULL,
    on_day     INT NOT NULL,
    earned     BIGINT NOT NULL,
    issued     BIGINT NOT NULL,
    redeemed   BIGINT NOT NULL,
    PRIMARY KEY (village_id, on_day)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
-- +goose Down
DROP TABLE report_days;
