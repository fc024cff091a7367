-- +goose Up
-- The days of a month on which something happened.
CREATE TABLE report_days (
    village_id BIGINT NOT NULL,
    on_day     INT NOT NULL,
    earned     BIGINT NOT NULL,
    issued     BIGINT NOT NULL,
    redeemed   BIGINT NOT NULL,
    PRIMARY KEY (village_id, on_day)
) WITHOUT ROWID;
-- +goose Down
DROP TABLE report_days;
