-- +goose Up
-- A code sent to a phone for a login. Neither the number nor the code stands here, only keyed hashes of them.
CREATE TABLE login_codes (
    id         BIGINT NOT NULL,
    phone_idx  VARBINARY(32) NOT NULL,
    code_mac   VARBINARY(32) NOT NULL,
    state      VARCHAR(8) NOT NULL,
    tries      INT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at    BIGINT NOT NULL,
    PRIMARY KEY (id),
    KEY login_codes_phone (phone_idx, created_at),
    KEY login_codes_old (created_at),
    CHECK (state IN ('sending', 'sent', 'refused', 'unknown'))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
-- +goose Down
DROP TABLE login_codes;
