-- +goose Up
-- leave of a device to redeem without signal; open_key is the village while it is open, then its own id
CREATE TABLE leases (
    id INTEGER NOT NULL PRIMARY KEY,
    village_id BIGINT NOT NULL,
    shop_id BIGINT NOT NULL,
    keeper BIGINT NOT NULL,
    device VARCHAR(64) NOT NULL,
    open_key BIGINT NOT NULL,
    taken_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    closed_at BIGINT NOT NULL DEFAULT 0,
    closed_by BIGINT NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX leases_open ON leases (open_key);
CREATE INDEX leases_village ON leases (village_id, id);
-- +goose Down
DROP TABLE leases;
