-- +goose Up
-- What each file that was taken in did, to answer a repeated request and to show who entered what.
CREATE TABLE imports (
    id         BIGINT      NOT NULL PRIMARY KEY,
    village_id BIGINT      NOT NULL,
    kind       VARCHAR(10) NOT NULL CHECK (kind IN ('register','opening')),
    on_day     INT         NOT NULL,
    report     MEDIUMTEXT  NOT NULL,
    made_by    BIGINT      NOT NULL,
    made_at    BIGINT      NOT NULL,
    KEY imports_village (village_id, id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
-- +goose Down
DROP TABLE imports;
