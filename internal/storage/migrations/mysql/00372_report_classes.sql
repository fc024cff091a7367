-- +goose Up
-- The deeds of a month by class of items, as the class was called then: points of the wallet that is ranked.
CREATE TABLE report_classes (
    village_id BIGINT NOT NULL,
    span       INT NOT NULL,
    class      VARCHAR(32) NOT NULL,
    name       VARCHAR(120) NOT NULL,
    earned     BIGINT NOT NULL,
    lost       BIGINT NOT NULL,
    PRIMARY KEY (village_id, span, class)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
-- +goose Down
DROP TABLE report_classes;
