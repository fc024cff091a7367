-- +goose Up
-- leave of a device to redeem without signal; open_key is the village while it is open, then its own id
CREATE TABLE leases (
    id BIGINT NOT NULL PRIMARY KEY,
    village_id BIGINT NOT NULL,
    shop_id BIGINT NOT NULL,
    keeper BIGINT NOT NULL,
    device VARCHAR(64) NOT NULL,
    open_key BIGINT NOT NULL,
    taken_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    closed_at BIGINT NOT NULL DEFAULT 0,
    closed_by BIGINT NOT NULL DEFAULT 0,
    UNIQUE KEY leases_open (open_key),
    KEY leases_village (village_id, id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
-- +goose Down
DROP TABLE leases;
