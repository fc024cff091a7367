-- +goose Up
-- What was seen at one household. seen 0: not looked at, no case. rev is the device's: the highest stays.
CREATE TABLE inspection_lines (
    inspection_id BIGINT       NOT NULL,
    household_id  BIGINT       NOT NULL,
    row_no        INT          NOT NULL,
    rev           BIGINT       NOT NULL,
    seen          INT          NOT NULL CHECK (seen IN (0, 1)),
    points        BIGINT       NOT NULL,
    grade         VARCHAR(32)  NOT NULL,
    quantity      BIGINT       NOT NULL,
    note          VARCHAR(500) NOT NULL,
    by_user       BIGINT       NOT NULL,
    saved_at      BIGINT       NOT NULL,
    PRIMARY KEY (inspection_id, household_id)
) WITHOUT ROWID;
-- +goose Down
DROP TABLE inspection_lines;
