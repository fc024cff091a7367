-- +goose Up
-- goods and points held for a household until a day; open_key is shop and code while it is open
CREATE TABLE reservations (
    id BIGINT NOT NULL PRIMARY KEY,
    village_id BIGINT NOT NULL,
    shop_id BIGINT NOT NULL,
    code VARCHAR(8) NOT NULL,
    open_key VARCHAR(40) NOT NULL,
    reserved_on INT NOT NULL,
    lapses_on INT NOT NULL,
    created_at BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    household_id BIGINT NOT NULL,
    member_id BIGINT NOT NULL,
    household_number VARCHAR(20) NOT NULL,
    name VARCHAR(60) NOT NULL,
    total BIGINT NOT NULL CHECK (total > 0),
    slip TEXT NOT NULL,
    scheme_id BIGINT NOT NULL,
    made_by BIGINT NOT NULL,
    state VARCHAR(9) NOT NULL,
    points_back INT NOT NULL DEFAULT 0,
    ended_at BIGINT NOT NULL DEFAULT 0,
    ended_by BIGINT NOT NULL DEFAULT 0,
    redemption_id BIGINT NOT NULL DEFAULT 0,
    CHECK (state IN ('open', 'collected', 'cancelled', 'lapsed')),
    UNIQUE KEY reservations_code (open_key),
    KEY reservations_household (household_id, id),
    KEY reservations_shop (shop_id, state, id),
    KEY reservations_due (state, lapses_on)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
-- +goose Down
DROP TABLE reservations;
