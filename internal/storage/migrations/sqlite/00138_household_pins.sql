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
    CHECK (how IN ('own', 'slip', 'none'))
);
CREATE UNIQUE INDEX household_pins_user ON household_pins (user_id);
-- +goose Down
DROP TABLE household_pins;
