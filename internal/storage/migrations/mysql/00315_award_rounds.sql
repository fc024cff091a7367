-- +goose Up
-- an award round about a span as it was published, and what became of it; list is what was sealed: everything the outcome was computed from
CREATE TABLE award_rounds (
    id BIGINT NOT NULL PRIMARY KEY,
    village_id BIGINT NOT NULL,
    code VARCHAR(32) NOT NULL,
    span INT NOT NULL,
    revision INT NOT NULL,
    name VARCHAR(60) NOT NULL,
    of_kind VARCHAR(10) NOT NULL,
    state VARCHAR(9) NOT NULL,
    rules_id BIGINT NOT NULL,
    on_day INT NOT NULL,
    list MEDIUMTEXT NOT NULL,
    hash VARCHAR(64) NOT NULL,
    published_at BIGINT NOT NULL,
    published_by BIGINT NOT NULL,
    object_until INT NOT NULL,
    frozen_at BIGINT NOT NULL,
    frozen_by BIGINT NOT NULL,
    number VARCHAR(200) NOT NULL,
    how VARCHAR(200) NOT NULL,
    drawn_at BIGINT NOT NULL,
    drawn_by BIGINT NOT NULL,
    cursor_id BIGINT NOT NULL,
    issued_at BIGINT NOT NULL,
    issued_by BIGINT NOT NULL,
    why VARCHAR(200) NOT NULL,
    ended_at BIGINT NOT NULL,
    ended_by BIGINT NOT NULL,
    rev BIGINT NOT NULL,
    CHECK (state IN ('published', 'frozen', 'issuing', 'issued', 'withdrawn')),
    UNIQUE KEY award_rounds_once (village_id, code, span, revision)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
-- +goose Down
DROP TABLE award_rounds;
