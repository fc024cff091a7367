-- +goose Up
-- What a household has said about its name on notices; without a row the scheme alone decides.
CREATE TABLE notice_names (
    household_id INTEGER NOT NULL PRIMARY KEY,
    village_id BIGINT NOT NULL,
    masked INT NOT NULL CHECK (masked IN (0, 1)),
    by_user BIGINT NOT NULL,
    set_at BIGINT NOT NULL
);
-- +goose Down
DROP TABLE notice_names;
