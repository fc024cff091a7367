-- +goose Up
-- what a close said of an account beside its postings of resets and base score: coins and watch lists are planned, tags and lifts as they were set
CREATE TABLE season_lines (
    close_id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    line INT NOT NULL,
    kind VARCHAR(8) NOT NULL,
    wallet VARCHAR(16) NOT NULL,
    amount BIGINT NOT NULL,
    code VARCHAR(32) NOT NULL,
    reason VARCHAR(400) NOT NULL,
    PRIMARY KEY (close_id, account_id, line),
    CHECK (kind IN ('coin', 'tag', 'lift', 'watch')),
    KEY season_lines_account (account_id, close_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
-- +goose Down
DROP TABLE season_lines;
