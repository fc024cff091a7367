-- +goose Up
-- what the end of one period does on one day, each once: the accounts up to top_id in order of id, posted up to cursor_id
CREATE TABLE season_closes (
    id BIGINT NOT NULL PRIMARY KEY,
    village_id BIGINT NOT NULL,
    span INT NOT NULL,
    due_on INT NOT NULL,
    rules_id BIGINT NOT NULL,
    base_id BIGINT NOT NULL,
    state VARCHAR(8) NOT NULL,
    top_id BIGINT NOT NULL,
    cursor_id BIGINT NOT NULL,
    accounts BIGINT NOT NULL,
    resets BIGINT NOT NULL,
    reset_sum BIGINT NOT NULL,
    grants BIGINT NOT NULL,
    grant_sum BIGINT NOT NULL,
    coins BIGINT NOT NULL,
    coin_sum BIGINT NOT NULL,
    tags BIGINT NOT NULL,
    lifts BIGINT NOT NULL,
    named BIGINT NOT NULL,
    planned_at BIGINT NOT NULL,
    done_at BIGINT NOT NULL,
    by_user BIGINT NOT NULL,
    rev BIGINT NOT NULL,
    CHECK (state IN ('posting', 'done')),
    UNIQUE KEY season_closes_once (village_id, span, due_on)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
-- +goose Down
DROP TABLE season_closes;
