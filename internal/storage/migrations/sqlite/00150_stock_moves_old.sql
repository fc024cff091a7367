-- +goose Up
-- the kinds of moves are an open list from here on: the table is made anew and filled from the old one
ALTER TABLE stock_moves RENAME TO stock_moves_old;
DROP INDEX stock_moves_once;
DROP INDEX stock_moves_lot;
DROP INDEX stock_moves_goods;
-- +goose Down
CREATE UNIQUE INDEX stock_moves_once ON stock_moves_old (ref_id, kind, lot_id);
CREATE INDEX stock_moves_lot ON stock_moves_old (lot_id);
CREATE INDEX stock_moves_goods ON stock_moves_old (goods_id, id);
ALTER TABLE stock_moves_old RENAME TO stock_moves;
