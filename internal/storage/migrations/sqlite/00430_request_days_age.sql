-- +goose Up
-- For forgetting old ones every night without reading all of them.
CREATE INDEX request_days_age ON request_days (created_at);
-- +goose Down
DROP INDEX request_days_age;
