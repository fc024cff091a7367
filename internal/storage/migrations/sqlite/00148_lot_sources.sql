-- +goose Up
-- fund_id paid for the lot (0: none yet); from_lot is the lot it was transferred from; qty_in are the pieces it was made with;
-- thanked: the donor's name may be shown
ALTER TABLE stock_lots ADD COLUMN fund_id BIGINT NOT NULL DEFAULT 0;
ALTER TABLE stock_lots ADD COLUMN from_lot BIGINT NOT NULL DEFAULT 0;
ALTER TABLE stock_lots ADD COLUMN qty_in INT NOT NULL DEFAULT 0;
ALTER TABLE stock_lots ADD COLUMN thanked INT NOT NULL DEFAULT 0;
CREATE INDEX stock_lots_shop ON stock_lots (shop_id, received_on, id);
-- +goose Down
DROP INDEX stock_lots_shop;
ALTER TABLE stock_lots DROP COLUMN thanked;
ALTER TABLE stock_lots DROP COLUMN qty_in;
ALTER TABLE stock_lots DROP COLUMN from_lot;
ALTER TABLE stock_lots DROP COLUMN fund_id;
