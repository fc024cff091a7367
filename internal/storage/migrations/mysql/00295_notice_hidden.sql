-- +goose Up
-- Good deeds that a household does not want shown any more. give_up: it gives up the points as well.
CREATE TABLE notice_hidden (
    case_id BIGINT NOT NULL PRIMARY KEY,
    village_id BIGINT NOT NULL,
    household_id BIGINT NOT NULL,
    why VARCHAR(200) NOT NULL,
    give_up INT NOT NULL CHECK (give_up IN (0, 1)),
    by_user BIGINT NOT NULL,
    hidden_at BIGINT NOT NULL,
    KEY notice_hidden_village (village_id, case_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
-- +goose Down
DROP TABLE notice_hidden;
