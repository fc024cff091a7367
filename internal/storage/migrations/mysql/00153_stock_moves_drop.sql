-- +goose Up
DROP TABLE stock_moves_old;
-- +goose Down
CREATE TABLE stock_moves_old (
    id         BIGINT NOT NULL PRIMARY KEY,
    shop_id    BIGINT NOT NULL,
    goods_id   BIGINT NOT NULL,
    lot_id     BIGINT NOT NULL,
    kind       VARCHAR(8) NOT NULL,
    qty        INT NOT NULL,
    ref_id     BIGINT NOT NULL,
    price      BIGINT NOT NULL CHECK (price >= 0),
    note       VARCHAR(200) NOT NULL,
    by_user    BIGINT NOT NULL,
    moved_on   INT NOT NULL,
    created_at BIGINT NOT NULL,
    CHECK (kind IN ('purchase', 'donation', 'redeem', 'return', 'damage', 'expire', 'count')),
    CHECK (qty <> 0 AND (kind = 'count' OR (qty > 0) = (kind IN ('purchase', 'donation', 'return')))),
    UNIQUE KEY stock_moves_once (ref_id, kind, lot_id),
    KEY stock_moves_lot (lot_id),
    KEY stock_moves_goods (goods_id, id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
