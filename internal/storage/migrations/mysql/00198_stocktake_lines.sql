-- +goose Up
-- one goods of a stock-take: what lay there, what the book said at that moment, and why they differ
CREATE TABLE stocktake_lines (
    stocktake_id BIGINT NOT NULL,
    goods_id BIGINT NOT NULL,
    found INT NOT NULL CHECK (found >= 0),
    book INT NOT NULL,
    price BIGINT NOT NULL,
    reason VARCHAR(200) NOT NULL,
    by_user BIGINT NOT NULL,
    counted_at BIGINT NOT NULL,
    PRIMARY KEY (stocktake_id, goods_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
-- +goose Down
DROP TABLE stocktake_lines;
