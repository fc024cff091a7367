-- +goose Up
-- How often something was asked for since an instant, by a phone, an address or all; key_idx is a keyed hash.
CREATE TABLE login_limits (
    kind    VARCHAR(16) NOT NULL,
    key_idx VARBINARY(32) NOT NULL,
    since   BIGINT NOT NULL,
    n       INT NOT NULL,
    PRIMARY KEY (kind, key_idx),
    KEY login_limits_old (since)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
-- +goose Down
DROP TABLE login_limits;
