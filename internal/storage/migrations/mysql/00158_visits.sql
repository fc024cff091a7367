-- +goose Up
-- who stood at a counter and how they were known; good for one redemption within a quarter of an hour
CREATE TABLE visits (
    id BIGINT NOT NULL PRIMARY KEY,
    village_id BIGINT NOT NULL,
    shop_id BIGINT NOT NULL,
    keeper BIGINT NOT NULL,
    household_id BIGINT NOT NULL,
    member_id BIGINT NOT NULL,
    way VARCHAR(8) NOT NULL,
    proof VARCHAR(8) NOT NULL,
    made_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    used_at BIGINT NOT NULL DEFAULT 0,
    used_for BIGINT NOT NULL DEFAULT 0,
    CHECK (way IN ('card', 'phone', 'number')),
    CHECK (proof IN ('', 'pin', 'phone')),
    KEY visits_household (household_id, id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
-- +goose Down
DROP TABLE visits;
