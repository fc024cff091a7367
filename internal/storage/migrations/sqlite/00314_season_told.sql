-- +goose Up
-- what has been announced once: points that end on a day
CREATE TABLE season_told (
    village_id BIGINT NOT NULL,
    what VARCHAR(40) NOT NULL,
    on_day INT NOT NULL,
    told_at BIGINT NOT NULL,
    accounts INT NOT NULL,
    PRIMARY KEY (village_id, what, on_day)
);
-- +goose Down
DROP TABLE season_told;
