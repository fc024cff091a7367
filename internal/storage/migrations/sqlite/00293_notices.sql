-- +goose Up
-- A published list, as it was printed: snapshot never changes, hash is its SHA-256. token opens the public page until public_until.
CREATE TABLE notices (
    id INTEGER NOT NULL PRIMARY KEY,
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
    seal_root BLOB NOT NULL,
    hash BLOB NOT NULL,
    token VARCHAR(32) NOT NULL,
    snapshot TEXT NOT NULL,
    by_user BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX notices_number ON notices (village_id, year, number);
CREATE UNIQUE INDEX notices_token ON notices (token);
CREATE INDEX notices_list ON notices (village_id, id);
CREATE INDEX notices_corrects ON notices (corrects_id);
-- +goose Down
DROP TABLE notices;
