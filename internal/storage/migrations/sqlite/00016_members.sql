-- +goose Up
-- a person; phone and identity number are sealed, and found by their blind index
CREATE TABLE members (
    id         INTEGER NOT NULL PRIMARY KEY,
    village_id BIGINT NOT NULL,
    name       VARCHAR(60) NOT NULL,
    pinyin     VARCHAR(240) NOT NULL,
    initials   VARCHAR(60) NOT NULL,
    phone_enc  BLOB NOT NULL,
    phone_idx  BLOB NOT NULL,
    idno_enc   BLOB NOT NULL,
    idno_idx   BLOB NOT NULL,
    born_on    INT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX members_idno ON members (village_id, idno_idx);
CREATE INDEX members_phone ON members (phone_idx);
CREATE INDEX members_name ON members (village_id, name);

-- +goose Down
DROP TABLE members;
