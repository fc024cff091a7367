-- +goose Up
INSERT INTO stock_moves (id, shop_id, goods_id, lot_id, kind, qty, ref_id, price, note, by_user, moved_on, created_at)
    SELECT id, shop_id, goods_id, lot_id, kind, qty, ref_id, price, note, by_user, moved_on, created_at FROM stock_moves_old;
-- +goose Down
INSERT INTO stock_moves_old (id, shop_id, goods_id, lot_id, kind, qty, ref_id, price, note, by_user, moved_on, created_at)
    SELECT id, shop_id, goods_id, lot_id, kind, qty, ref_id, price, note, by_user, moved_on, created_at FROM stock_moves
    WHERE kind IN ('purchase', 'donation', 'redeem', 'return', 'damage', 'expire', 'count');
