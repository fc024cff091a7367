-- +goose Up
-- the ranking of a close, frozen before anything was posted
CREATE TABLE season_ranks (
    close_id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    place INT NOT NULL,
    score BIGINT NOT NULL,
    PRIMARY KEY (close_id, account_id),
    KEY season_ranks_account (account_id, close_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
-- +goose Down
DROP TABLE season_ranks;
