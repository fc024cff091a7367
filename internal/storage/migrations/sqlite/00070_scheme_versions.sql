-- +goose Up
-- A village's rules as adopted: the file itself, never changed. In force from from_day until the next version's.
CREATE TABLE scheme_versions (
    id         INTEGER      NOT NULL PRIMARY KEY,
    village_id BIGINT       NOT NULL,
    number     INT          NOT NULL,
    title      VARCHAR(120) NOT NULL,
    source     BLOB         NOT NULL,
    hash       BLOB         NOT NULL,
    adopted_on INT          NOT NULL,
    filed_on   INT          NOT NULL,
    from_day   INT          NOT NULL,
    created_at BIGINT       NOT NULL,
    created_by BIGINT       NOT NULL
);
CREATE UNIQUE INDEX scheme_versions_force ON scheme_versions (village_id, from_day, number);
-- +goose Down
DROP TABLE scheme_versions;
