-- +goose Up
-- redemptions that somebody else fetched for a household, for the monthly review
CREATE TABLE agencies (
    redemption_id BIGINT NOT NULL PRIMARY KEY,
    village_id BIGINT NOT NULL,
    shop_id BIGINT NOT NULL,
    household_id BIGINT NOT NULL,
    agent_member BIGINT NOT NULL,
    agent_household BIGINT NOT NULL,
    agent_name VARCHAR(60) NOT NULL,
    relation VARCHAR(20) NOT NULL,
    month INT NOT NULL,
    made_at BIGINT NOT NULL,
    keeper BIGINT NOT NULL,
    verdict VARCHAR(8) NOT NULL DEFAULT '',
    note VARCHAR(200) NOT NULL DEFAULT '',
    reviewed_by BIGINT NOT NULL DEFAULT 0,
    reviewed_at BIGINT NOT NULL DEFAULT 0,
    CHECK (verdict IN ('', 'fine', 'doubt')),
    KEY agencies_agent (agent_member, month),
    KEY agencies_month (village_id, month, redemption_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
-- +goose Down
DROP TABLE agencies;
