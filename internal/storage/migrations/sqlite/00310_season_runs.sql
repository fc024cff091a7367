-- +goose Up
-- somebody's order to close a span of a village's calendar; waiting: some of what its end does falls due later
CREATE TABLE season_runs (
    id INTEGER NOT NULL PRIMARY KEY,
    village_id BIGINT NOT NULL,
    span INT NOT NULL,
    state VARCHAR(8) NOT NULL,
    asked_by BIGINT NOT NULL,
    why VARCHAR(200) NOT NULL,
    overrides TEXT NOT NULL,
    asked_at BIGINT NOT NULL,
    done_at BIGINT NOT NULL,
    rev BIGINT NOT NULL,
    CHECK (state IN ('stopped', 'closing', 'waiting', 'done'))
);
CREATE UNIQUE INDEX season_runs_span ON season_runs (village_id, span);
CREATE INDEX season_runs_state ON season_runs (state, id);
-- +goose Down
DROP TABLE season_runs;
