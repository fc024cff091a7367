-- +goose Up
-- A village's rules as adopted: the file itself, never changed. In force from from_day until the next version's.
CREATE TABLE scheme_versions (
    id         BIGINT       NOT NULL PRIMARY KEY,
    village_id BIGINT       NOT NULL,
    number     INT          NOT NULL,
    title      VARCHAR(120) NOT NULL,
    source     LONGBLOB     NOT NULL,
    hash       VARBINARY(32) NOT NULL,
    adopted_on INT          NOT NULL,
    filed_on   INT          NOT NULL,
    from_day   INT          NOT NULL,
    created_at BIGINT       NOT NULL,
    created_by BIGINT       NOT NULL,
    UNIQUE KEY scheme_versions_force (village_id, from_day, number)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
-- +goose Down
DROP TABLE scheme_versions;
