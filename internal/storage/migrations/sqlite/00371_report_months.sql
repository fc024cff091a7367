-- +goose Up
-- The fold of a village's entries of one month, or of a year (span as in totals). entries: how many there were; where their number
-- has changed the month is folded anew. households, outstanding (what people hold then) and late_*: as of the last day, or of the last roll-up within the month.
CREATE TABLE report_months (
    village_id      BIGINT NOT NULL,
    span            INT NOT NULL,
    entries         BIGINT NOT NULL,
    households      BIGINT NOT NULL,
    active          BIGINT NOT NULL,
    deeds           BIGINT NOT NULL,
    earned          BIGINT NOT NULL,
    lost            BIGINT NOT NULL,
    issued          BIGINT NOT NULL,
    deducted        BIGINT NOT NULL,
    redeemed        BIGINT NOT NULL,
    expired         BIGINT NOT NULL,
    other           BIGINT NOT NULL,
    outstanding     BIGINT NOT NULL,
    late_reviews    BIGINT NOT NULL,
    late_objections BIGINT NOT NULL,
    PRIMARY KEY (village_id, span)
) WITHOUT ROWID;
-- +goose Down
DROP TABLE report_months;
