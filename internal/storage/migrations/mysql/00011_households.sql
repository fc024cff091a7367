-- +goose Up
-- a household; name, pinyin and initials show the present householder
CREATE TABLE households (
    id         BIGINT NOT NULL,
    village_id BIGINT NOT NULL,
    number     VARCHAR(20) NOT NULL,
    name       VARCHAR(60) NOT NULL,
    pinyin     VARCHAR(240) NOT NULL,
    initials   VARCHAR(60) NOT NULL,
    created_at BIGINT NOT NULL,
    from_day   INT NOT NULL,
    to_day     INT NOT NULL,
    PRIMARY KEY (id),
    UNIQUE KEY households_number (village_id, number),
    KEY households_order (village_id, pinyin, id),
    CHECK (from_day <= to_day)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- +goose Down
DROP TABLE households;
