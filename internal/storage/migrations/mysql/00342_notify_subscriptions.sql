-- +goose Up
-- How many subscription messages of a template a user has agreed to and not been sent yet.
CREATE TABLE notify_subscriptions (
    user_id    BIGINT      NOT NULL,
    template   VARCHAR(64) NOT NULL,
    remaining  INT         NOT NULL CHECK (remaining >= 0),
    changed_at BIGINT      NOT NULL,
    PRIMARY KEY (user_id, template)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
-- +goose Down
DROP TABLE notify_subscriptions;
