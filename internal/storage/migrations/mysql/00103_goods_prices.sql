-- +goose Up
-- prices in hundredths of a point with the day they take effect; the row set last holds among those of one day
CREATE TABLE goods_prices (
    id       BIGINT NOT NULL PRIMARY KEY,
    goods_id BIGINT NOT NULL,
    from_day INT NOT NULL,
    price    BIGINT NOT NULL CHECK (price > 0),
    set_by   BIGINT NOT NULL,
    set_at   BIGINT NOT NULL,
    KEY goods_prices_day (goods_id, from_day, id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
-- +goose Down
DROP TABLE goods_prices;
