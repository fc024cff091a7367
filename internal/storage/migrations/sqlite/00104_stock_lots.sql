-- +goose Up
-- goods received together; qty_left is the fold of the lot's moves; expires_on is the last good day
CREATE TABLE stock_lots (
    id          INTEGER NOT NULL PRIMARY KEY,
    shop_id     BIGINT NOT NULL,
    goods_id    BIGINT NOT NULL,
    source      VARCHAR(8) NOT NULL,
    origin      VARCHAR(120) NOT NULL,
    cost_fen    BIGINT NOT NULL CHECK (cost_fen >= 0),
    expires_on  INT NOT NULL,
    qty_left    INT NOT NULL CHECK (qty_left >= 0),
    received_on INT NOT NULL,
    received_at BIGINT NOT NULL,
    received_by BIGINT NOT NULL,
    rev         BIGINT NOT NULL DEFAULT 0,
    CHECK (source IN ('purchase', 'donation'))
);
CREATE INDEX stock_lots_goods ON stock_lots (goods_id, expires_on, id);
-- +goose Down
DROP TABLE stock_lots;
