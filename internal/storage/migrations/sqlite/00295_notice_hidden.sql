-- +goose Up
-- Good deeds that a household does not want shown any more. give_up: it gives up the points as well.
CREATE TABLE notice_hidden (
    case_id INTEGER NOT NULL PRIMARY KEY,
    village_id BIGINT NOT NULL,
    household_id BIGINT NOT NULL,
    why VARCHAR(200) NOT NULL,
    give_up INT NOT NULL CHECK (give_up IN (0, 1)),
    by_user BIGINT NOT NULL,
    hidden_at BIGINT NOT NULL
);
CREATE INDEX notice_hidden_village ON notice_hidden (village_id, case_id);
-- +goose Down
DROP TABLE notice_hidden;
