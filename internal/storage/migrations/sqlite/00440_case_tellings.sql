-- +goose Up
-- Who of a household without a phone was told of a deduction, how and by whom.
CREATE TABLE case_tellings (
    case_id      BIGINT      NOT NULL,
    household_id BIGINT      NOT NULL,
    village_id   BIGINT      NOT NULL,
    how          VARCHAR(8)  NOT NULL CHECK (how IN ('slip','voice','phone')),
    who          VARCHAR(60) NOT NULL,
    by_user      BIGINT      NOT NULL,
    told_at      BIGINT      NOT NULL,
    PRIMARY KEY (case_id, household_id)
) WITHOUT ROWID;
-- +goose Down
DROP TABLE case_tellings;
