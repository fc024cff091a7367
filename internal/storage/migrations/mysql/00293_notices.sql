-- +goose Up
-- A published list, as it was printed: snapshot never changes, hash is its SHA-256. token opens the public page until public_until.
CREATE TABLE notices (
    id BIGINT NOT NULL PRIMARY KEY,
    village_id BIGINT NOT NULL,
    year INT NOT NULL,
    number INT NOT NULL,
    kind VARCHAR(10) NOT NULL CHECK (kind IN ('notice','correction')),
    corrects_id BIGINT NOT NULL,
    group_id BIGINT NOT NULL,
    from_on INT NOT NULL,
    to_on INT NOT NULL,
    published_on INT NOT NULL,
    object_until INT NOT NULL,
    public_until INT NOT NULL,
    cases INT NOT NULL,
    seal_size BIGINT NOT NULL,
    seal_root VARBINARY(32) NOT NULL,
    hash VARBINARY(32) NOT NULL,
    token VARCHAR(32) NOT NULL,
    snapshot MEDIUMTEXT NOT NULL,
    by_user BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE KEY notices_number (village_id, year, number),
    UNIQUE KEY notices_token (token),
    KEY notices_list (village_id, id),
    KEY notices_corrects (corrects_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
-- +goose Down
DROP TABLE notices;
