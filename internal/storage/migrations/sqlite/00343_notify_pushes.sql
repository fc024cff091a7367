-- +goose Up
-- One subscription message to one user about one message or posting; sent at most once.
CREATE TABLE notify_pushes (
    id         INTEGER     NOT NULL PRIMARY KEY,
    user_id    BIGINT      NOT NULL,
    ref_id     BIGINT      NOT NULL,
    village_id BIGINT      NOT NULL,
    kind       VARCHAR(12) NOT NULL,
    template   VARCHAR(64) NOT NULL,
    at_ms      BIGINT      NOT NULL,
    state      VARCHAR(8)  NOT NULL CHECK (state IN ('waiting','sending','sent','refused','unknown','dropped')),
    made_at    BIGINT      NOT NULL,
    done_at    BIGINT      NOT NULL
);
CREATE UNIQUE INDEX notify_pushes_once ON notify_pushes (user_id, ref_id);
CREATE INDEX notify_pushes_state ON notify_pushes (state, id);
CREATE INDEX notify_pushes_made ON notify_pushes (made_at);
-- +goose Down
DROP TABLE notify_pushes;
