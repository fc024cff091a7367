-- +goose Up
-- The fault was not put right in time: the warning has become the deduction.
ALTER TABLE case_details ADD COLUMN overdue INT NOT NULL DEFAULT 0;
-- +goose Down
ALTER TABLE case_details DROP COLUMN overdue;
