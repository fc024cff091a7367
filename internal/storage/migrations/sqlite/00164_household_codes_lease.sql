-- +goose Up
-- HMAC of a fixed text under the token itself, from which a lease makes what a device without signal compares; empty: made before there were leases
ALTER TABLE household_codes ADD COLUMN lease_idx BLOB NOT NULL DEFAULT x'';
-- +goose Down
ALTER TABLE household_codes DROP COLUMN lease_idx;
