-- +goose Up
-- When a price that one village had of its own was ended, so that the price for all holds there again; 0: it was not. What was redeemed before
-- that moment keeps its worth.
ALTER TABLE goods_prices ADD COLUMN ended_at BIGINT NOT NULL DEFAULT 0;
-- +goose Down
ALTER TABLE goods_prices DROP COLUMN ended_at;
