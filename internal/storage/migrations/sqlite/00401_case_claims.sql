-- +goose Up
-- What was claimed, where somebody who let a case through has corrected it: as it stood before the first correction, with
-- what was given instead and why.
CREATE TABLE case_claims (
    case_id    BIGINT       NOT NULL PRIMARY KEY,
    village_id BIGINT       NOT NULL,
    points     BIGINT       NOT NULL,
    grade_name VARCHAR(120) NOT NULL,
    quantity   BIGINT       NOT NULL,
    said       VARCHAR(500) NOT NULL,
    why        VARCHAR(500) NOT NULL,
    at_ms      BIGINT       NOT NULL
);
-- +goose Down
DROP TABLE case_claims;
