-- +goose Up
-- Append-only: handings out of prizes that were undone, as they were entered, and why.
CREATE TABLE award_undone (
    handed_id BIGINT NOT NULL PRIMARY KEY,
    prize_id BIGINT NOT NULL,
    shop_id BIGINT NOT NULL,
    chosen VARCHAR(60) NOT NULL,
    receiver VARCHAR(60) NOT NULL,
    note VARCHAR(200) NOT NULL,
    collected_at BIGINT NOT NULL,
    collected_by BIGINT NOT NULL,
    why VARCHAR(200) NOT NULL,
    undone_at BIGINT NOT NULL,
    undone_by BIGINT NOT NULL
);
CREATE INDEX award_undone_prize ON award_undone (prize_id);
-- +goose Down
DROP TABLE award_undone;
