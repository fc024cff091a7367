-- +goose Up
-- somebody's order to close a span of a village's calendar; waiting: some of what its end does falls due later
CREATE TABLE season_runs (
    id BIGINT NOT NULL PRIMARY KEY,
    village_id BIGINT NOT NULL,
    span INT NOT NULL,
    state VARCHAR(8) NOT NULL,
    asked_by BIGINT NOT NULL,
    why VARCHAR(200) NOT NULL,
    overrides TEXT NOT NULL,
    asked_at BIGINT NOT NULL,
    done_at BIGINT NOT NULL,
    rev BIGINT NOT NULL,
    CHECK (state IN ('stopped', 'closing', 'waiting', 'done')),
    UNIQUE KEY season_runs_span (village_id, span),
    KEY season_runs_state (state, id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
-- +goose Down
DROP TABLE season_runs;
