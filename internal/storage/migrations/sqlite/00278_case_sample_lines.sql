-- +goose Up
-- One drawn case and what was found; finding is empty until somebody has looked. charged: the record that scores its collector.
CREATE TABLE case_sample_lines (
    sample_id BIGINT       NOT NULL,
    line      INT          NOT NULL,
    case_id   BIGINT       NOT NULL,
    finding   VARCHAR(10)  NOT NULL CHECK (finding IN ('','right','flawed','falsified')),
    note      VARCHAR(200) NOT NULL,
    found_by  BIGINT       NOT NULL,
    found_at  BIGINT       NOT NULL,
    charged   BIGINT       NOT NULL,
    PRIMARY KEY (sample_id, line)
) WITHOUT ROWID;
-- +goose Down
DROP TABLE case_sample_lines;
