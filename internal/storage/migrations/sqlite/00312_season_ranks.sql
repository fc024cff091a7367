-- +goose Up
-- the ranking of a close, frozen before anything was posted
CREATE TABLE season_ranks (
    close_id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    place INT NOT NULL,
    score BIGINT NOT NULL,
    PRIMARY KEY (close_id, account_id)
);
CREATE INDEX season_ranks_account ON season_ranks (account_id, close_id);
-- +goose Down
DROP TABLE season_ranks;
