-- +goose Up
-- terms of the counter as JSON: when proof is asked, cash top-up, reservations, agents, leases; empty: the defaults
ALTER TABLE shops ADD COLUMN terms VARCHAR(400) NOT NULL DEFAULT '';
-- +goose Down
ALTER TABLE shops DROP COLUMN terms;
