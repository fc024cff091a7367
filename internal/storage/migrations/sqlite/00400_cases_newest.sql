-- +goose Up
-- The newest cases of a village, whatever their state: without it they are sorted anew for each page.
CREATE INDEX cases_newest ON cases (village_id, id);
-- +goose Down
DROP INDEX cases_newest;
