-- +goose Up
-- what a county, town or village has set for itself, with terms
CREATE TABLE region_settings (
    id        INTEGER NOT NULL PRIMARY KEY,
    region_id BIGINT NOT NULL,
    name      VARCHAR(40) NOT NULL,
    value     VARCHAR(200) NOT NULL,
    set_by    BIGINT NOT NULL,
    from_day  INT NOT NULL,
    to_day    INT NOT NULL,
    CHECK (from_day <= to_day)
);
CREATE INDEX region_settings_region ON region_settings (region_id, name, to_day);

-- +goose Down
DROP TABLE region_settings;
