-- +goose Up
-- a person; phone and identity number are sealed, and found by their blind index
CREATE TABLE members (
    id         BIGINT NOT NULL,
    village_id BIGINT NOT NULL,
    name       VARCHAR(60) NOT NULL,
    pinyin     VARCHAR(240) NOT NULL,
    initials   VARCHAR(60) NOT NULL,
    phone_enc  VARBINARY(128) NOT NULL,
    phone_idx  VARBINARY(32) NOT NULL,
    idno_enc   VARBINARY(128) NOT NULL,
    idno_idx   VARBINARY(32) NOT NULL,
    born_on    INT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (id),
    KEY members_idno (village_id, idno_idx),
    KEY members_phone (phone_idx),
    KEY members_name (village_id, name)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- +goose Down
DROP TABLE members;
