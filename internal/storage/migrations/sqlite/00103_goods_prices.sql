-- +goose Up
-- prices in hundredths of a point with the day they take effect; the row set last holds among those of one day
CREATE TABLE goods_prices (
    id       INTEGER NOT NULL PRIMARY KEY,
    goods_id BIGINT NOT NULL,
    from_day INT NOT NULL,
    price    BIGINT NOT NULL CHECK (price > 0),
    set_by   BIGINT NOT NULL,
    set_at   BIGINT NOT NULL
);
CREATE INDEX goods_prices_day ON goods_prices (goods_id, from_day, id);
-- +goose Down
DROP TABLE goods_prices;
