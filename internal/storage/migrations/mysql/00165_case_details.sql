-- +goose Up
-- What only some cases say: the lines of a sheet, how many took part, that the fault was put right, and until when the
-- record counts (0: for ever).
CREATE TABLE case_details (
    case_id    BIGINT NOT NULL PRIMARY KEY,
    village_id BIGINT NOT NULL,
    persons    INT NOT NULL,
    repaired   INT NOT NULL CHECK (repaired IN (0, 1)),
    valid_to   INT NOT NULL,
    parts      TEXT NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
-- +goose Down
DROP TABLE case_details;
