-- +goose Up
-- one basket paid with points; receipt is what was given to the household: lines, the wallets that paid, what was left
CREATE TABLE redemptions (
    id               BIGINT NOT NULL PRIMARY KEY,
    village_id       BIGINT NOT NULL,
    shop_id          BIGINT NOT NULL,
    number           VARCHAR(12) NOT NULL,
    redeemed_on      INT NOT NULL,
    created_at       BIGINT NOT NULL,
    account_id       BIGINT NOT NULL,
    household_id     BIGINT NOT NULL,
    member_id        BIGINT NOT NULL,
    household_number VARCHAR(20) NOT NULL,
    name             VARCHAR(60) NOT NULL,
    total            BIGINT NOT NULL CHECK (total > 0),
    receipt          TEXT NOT NULL,
    keeper           BIGINT NOT NULL,
    state            VARCHAR(9) NOT NULL,
    cancelled_by     BIGINT NOT NULL DEFAULT 0,
    cancelled_at     BIGINT NOT NULL DEFAULT 0,
    CHECK (state IN ('done', 'cancelled')),
    UNIQUE KEY redemptions_number (shop_id, redeemed_on, number),
    KEY redemptions_household (household_id, id),
    KEY redemptions_day (shop_id, redeemed_on, id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
-- +goose Down
DROP TABLE redemptions;
