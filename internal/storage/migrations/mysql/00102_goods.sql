-- +goose Up
-- what a shop gives for points; reorder_at: at this many or fewer it is time to buy
CREATE TABLE goods (
    id         BIGINT NOT NULL PRIMARY KEY,
    shop_id    BIGINT NOT NULL,
    class      VARCHAR(32) NOT NULL,
    name       VARCHAR(60) NOT NULL,
    unit       VARCHAR(10) NOT NULL,
    barcode    VARCHAR(32) NOT NULL,
    note       VARCHAR(200) NOT NULL,
    state      VARCHAR(8) NOT NULL,
    reorder_at INT NOT NULL CHECK (reorder_at >= 0),
    created_by BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    rev        BIGINT NOT NULL DEFAULT 0,
    CHECK (state IN ('on', 'paused', 'removed')),
    UNIQUE KEY goods_name (shop_id, name)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
-- +goose Down
DROP TABLE goods;
