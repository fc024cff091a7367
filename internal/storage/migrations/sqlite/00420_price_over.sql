-- +goose Up
-- The day from which another price of the same goods and village holds in place of this one: a basket reads what may hold today
-- and not the years behind it. It follows from the rows themselves; the audit holds it against them.
ALTER TABLE goods_prices ADD COLUMN over_day INT NOT NULL DEFAULT 99991231;
UPDATE goods_prices SET over_day = COALESCE((SELECT MIN(b.from_day) FROM goods_prices b WHERE b.goods_id = goods_prices.goods_id AND b.village_id = goods_prices.village_id
    AND (b.from_day > goods_prices.from_day OR b.from_day = goods_prices.from_day AND b.id > goods_prices.id)), 99991231);
-- +goose Down
ALTER TABLE goods_prices DROP COLUMN over_day;
