-- +goose Up
-- lots made before carry the pieces of their first move
UPDATE stock_lots SET qty_in = COALESCE((SELECT SUM(m.qty) FROM stock_moves m WHERE m.lot_id = stock_lots.id AND m.kind IN ('purchase', 'donation')), 0);
-- +goose Down
UPDATE stock_lots SET qty_in = 0;
