-- +goose Up
-- Stretches of a village's calendar, both days inside. What is counted in a closed one never changes.
CREATE TABLE periods (
    village_id BIGINT     NOT NULL,
    from_day   INT        NOT NULL,
    to_day     INT        NOT NULL,
    state      VARCHAR(6) NOT NULL CHECK (state IN ('open','grace','closed')),
    changed_at BIGINT     NOT NULL,
    changed_by BIGINT     NOT NULL,
    PRIMARY KEY (village_id, to_day)
) WITHOUT ROWID;
-- +goose Down
DROP TABLE periods;
