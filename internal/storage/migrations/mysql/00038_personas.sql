-- +goose Up
-- People of the demo county whose place anyone may take there.
CREATE TABLE personas (
    code       VARCHAR(40) NOT NULL,
    user_id    BIGINT NOT NULL,
    village_id BIGINT NOT NULL,
    name       VARCHAR(60) NOT NULL,
    role       VARCHAR(20) NOT NULL,
    note       VARCHAR(200) NOT NULL,
    place      INT NOT NULL,
    PRIMARY KEY (code)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
-- +goose Down
DROP TABLE personas;
