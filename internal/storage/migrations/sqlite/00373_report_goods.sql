-- +goose Up
-- What a village's people redeemed in a month, by goods, less what came back.
CREATE TABLE report_goods (
    village_id BIGINT NOT NULL,
    span       INT NOT NULL,
    goods_id   BIGINT NOT NULL,
    qty        BIGINT NOT NULL,
    amount     BIGINT NOT NULL,
    PRIMARY KEY (village_id, span, goods_id)
) WITHOUT ROWID;
-- +goose Down
DROP TABLE report_goods;
