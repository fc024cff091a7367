-- +goose Up
-- Cases of a month drawn for the village supervisors to look at (抽查). seed: as it was made public; pool: how many cases there were
-- to draw from, by their ids rising, and pool_hash the SHA-256 of these in decimal, each followed by a line feed.
CREATE TABLE case_samples (
    id         BIGINT       NOT NULL PRIMARY KEY,
    village_id BIGINT       NOT NULL,
    month      INT          NOT NULL,
    seed       VARCHAR(100) NOT NULL,
    pool       INT          NOT NULL,
    pool_hash  VARCHAR(64)  NOT NULL,
    drawn_by   BIGINT       NOT NULL,
    drawn_at   BIGINT       NOT NULL,
    UNIQUE KEY case_samples_month (village_id, month)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
-- +goose Down
DROP TABLE case_samples;
