-- +goose Up
-- fund_id paid for the lot (0: none yet); from_lot is the lot it was transferred from; qty_in are the pieces it was made with;
-- thanked: the donor's name may be shown
ALTER TABLE stock_lots ADD COLUMN fund_id BIGINT NOT NULL DEFAULT 0, ADD COLUMN from_lot BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN qty_in INT NOT NULL DEFAULT 0, ADD COLUMN thanked INT NOT NULL DEFAULT 0, ADD KEY stock_lots_shop (shop_id, received_on, id);
-- +goose Down
ALTER TABLE stock_lots DROP KEY stock_lots_shop, DROP COLUMN thanked, DROP COLUMN qty_in, DROP COLUMN from_lot, DROP COLUMN fund_id;
