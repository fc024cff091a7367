-- +goose Up
-- What each file that was taken in did, to answer a repeated request and to show who entered what.
CREATE TABLE imports (
    id         INTEGER     NOT NULL PRIMARY KEY,
    village_id BIGINT      NOT NULL,
    kind       VARCHAR(10) NOT NULL CHECK (kind IN ('register','opening')),
    on_day     INT         NOT NULL,
    report     TEXT        NOT NULL,
    made_by    BIGINT      NOT NULL,
    made_at    BIGINT      NOT NULL
);
CREATE INDEX imports_village ON imports (village_id, id);
-- +goose Down
DROP TABLE imports;
