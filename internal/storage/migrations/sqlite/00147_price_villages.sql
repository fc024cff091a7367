-- +goose Up
-- a price may hold in one village only (0: in all); worth_fen is what one piece is worth in fen
ALTER TABLE goods_prices ADD COLUMN village_id BIGINT NOT NULL DEFAULT 0;
ALTER TABLE goods_prices ADD COLUMN worth_fen BIGINT NOT NULL DEFAULT 0;
DROP INDEX goods_prices_day;
CREATE INDEX goods_prices_day ON goods_prices (goods_id, village_id, from_day, id);
-- +goose Down
DROP INDEX goods_prices_day;
CREATE INDEX goods_prices_day ON goods_prices (goods_id, from_day, id);
ALTER TABLE goods_prices DROP COLUMN worth_fen;
ALTER TABLE goods_prices DROP COLUMN village_id;
