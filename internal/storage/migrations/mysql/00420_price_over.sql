-- +goose Up
-- The day from which another price of the same goods and village holds in place of this one: a basket reads what may hold today
-- and not the years behind it. It follows from the rows themselves; the audit holds it against them.
ALTER TABLE goods_prices ADD COLUMN over_day INT NOT NULL DEFAULT 99991231;
UPDATE goods_prices p JOIN (SELECT a.id, MIN(b.from_day) AS over_day FROM goods_prices a JOIN goods_prices b ON b.goods_id = a.goods_id AND b.village_id = a.village_id
    AND (b.from_day > a.from_day OR b.from_day = a.from_day AND b.id > a.id) GROUP BY a.id) x ON x.id = p.id SET p.over_day = x.over_day;
-- +goose Down
ALTER TABLE goods_prices DROP COLUMN over_day;
