-- +goose Up
-- a price may hold in one village only (0: in all); worth_fen is what one piece is worth in fen
ALTER TABLE goods_prices ADD COLUMN village_id BIGINT NOT NULL DEFAULT 0, ADD COLUMN worth_fen BIGINT NOT NULL DEFAULT 0,
    DROP KEY goods_prices_day, ADD KEY goods_prices_day (goods_id, village_id, from_day, id);
-- +goose Down
ALTER TABLE goods_prices DROP KEY goods_prices_day, ADD KEY goods_prices_day (goods_id, from_day, id), DROP COLUMN worth_fen, DROP COLUMN village_id;
