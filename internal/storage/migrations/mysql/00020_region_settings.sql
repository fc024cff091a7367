-- +goose Up
-- what a county, town or village has set for itself, with terms
CREATE TABLE region_settings (
    id        BIGINT NOT NULL,
    region_id BIGINT NOT NULL,
    name      VARCHAR(40) NOT NULL,
    value     VARCHAR(200) NOT NULL,
    set_by    BIGINT NOT NULL,
    from_day  INT NOT NULL,
    to_day    INT NOT NULL,
    PRIMARY KEY (id),
    KEY region_settings_region (region_id, name, to_day),
    CHECK (from_day <= to_day)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- +goose Down
DROP TABLE region_settings;
