-- +goose Up
-- The states of a case are an open list from here on: the table is made anew and filled from the old one.
ALTER TABLE cases RENAME TO cases_old;
-- +goose Down
ALTER TABLE cases_old RENAME TO cases;
