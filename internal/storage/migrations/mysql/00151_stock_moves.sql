-- +goose Up
-- append-only: every change of a lot, qty with its sign; ref_id is what caused it: a redemption, a reservation, a keeper's operation
CREATE TABLE stock_moves (
    id         BIGINT NOT NULL PRIMARY KEY,
    shop_id    BIGINT NOT NULL,
    goods_id   BIGINT NOT NULL,
    lot_id     BIGINT NOT NULL,
    kind       VARCHAR(12) NOT NULL,
    qty        INT NOT NULL,
    ref_id     BIGINT NOT NULL,
    price      BIGINT NOT NULL CHECK (price >= 0),
    note       VARCHAR(200) NOT NULL,
    by_user    BIGINT NOT NULL,
    moved_on   INT NOT NULL,
    created_at BIGINT NOT NULL,
    CHECK (qty <> 0),
    CHECK (kind NOT IN ('purchase', 'donation', 'return', 'unhold') OR qty > 0),
    CHECK (kind NOT IN ('redeem', 'damage', 'expire', 'hold') OR qty < 0),
    UNIQUE KEY stock_moves_once (ref_id, kind, lot_id),
    KEY stock_moves_lot (lot_id),
    KEY stock_moves_goods (goods_id, id),
    KEY stock_moves_day (shop_id, moved_on, kind)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
-- +goose Down
DROP TABLE stock_moves;
