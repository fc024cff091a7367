-- +goose Up
-- which villages a shop serves, and when
CREATE TABLE shop_villages (
    shop_id    BIGINT NOT NULL,
    village_id BIGINT NOT NULL,
    from_day   INT NOT NULL,
    to_day     INT NOT NULL,
    set_by     BIGINT NOT NULL,
    PRIMARY KEY (shop_id, village_id, from_day),
    CHECK (from_day <= to_day),
    KEY shop_villages_village (village_id, to_day)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
-- +goose Down
DROP TABLE shop_villages;
