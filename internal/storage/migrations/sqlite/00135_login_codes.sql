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
    CHECK (state IN ('sending', 'sent', 'refused', 'unknown'))
);
CREATE INDEX login_codes_phone ON login_codes (phone_idx, created_at);
CREATE INDEX login_codes_old ON login_codes (created_at);
-- +goose Down
DROP TABLE login_codes;
