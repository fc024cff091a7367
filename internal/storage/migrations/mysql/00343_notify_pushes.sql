-- +goose Up
-- One subscription message to one user about one message or posting; sent at most once.
CREATE TABLE notify_pushes (
    id         BIGINT      NOT NULL PRIMARY KEY,
    user_id    BIGINT      NOT NULL,
    ref_id     BIGINT      NOT NULL,
    village_id BIGINT      NOT NULL,
    kind       VARCHAR(12) NOT NULL,
    template   VARCHAR(64) NOT NULL,
    at_ms      BIGINT      NOT NULL,
    state      VARCHAR(8)  NOT NULL CHECK (state IN ('waiting','sending','sent','refused','unknown','dropped')),
    made_at    BIGINT      NOT NULL,
    done_at    BIGINT      NOT NULL,
    UNIQUE KEY notify_pushes_once (user_id, ref_id),
    KEY notify_pushes_state (state, id),
    KEY notify_pushes_made (made_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
-- +goose Down
DROP TABLE notify_pushes;
