-- +goose Up
-- The PIN of a household, under a slow hash, and the user as whom it acts; hash is empty while there is none.
CREATE TABLE household_pins (
    household_id BIGINT NOT NULL,
    user_id      BIGINT NOT NULL,
    hash         VARCHAR(100) NOT NULL,
    tries        INT NOT NULL,
    how          VARCHAR(8) NOT NULL,
    set_by       BIGINT NOT NULL,
    set_at       BIGINT NOT NULL,
    PRIMARY KEY (household_id),
    UNIQUE KEY household_pins_user (user_id),
    CHECK (how IN ('own', 'slip', 'none'))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
-- +goose Down
DROP TABLE household_pins;
