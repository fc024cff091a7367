-- +goose Up
-- Which ends of points an account's household has been told of, by stage: 0 in good time, 1 in the last week.
CREATE TABLE expiry_told (
    account_id BIGINT NOT NULL,
    expires_on INT    NOT NULL,
    stage      INT    NOT NULL,
    told_at    BIGINT NOT NULL,
    PRIMARY KEY (account_id, expires_on, stage)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
-- +goose Down
DROP TABLE expiry_told;
