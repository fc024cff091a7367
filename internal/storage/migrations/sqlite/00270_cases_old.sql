-- +goose Up
-- The states of a case are an open list from here on: the table is made anew and filled from the old one.
ALTER TABLE cases RENAME TO cases_old;
DROP INDEX cases_history;
DROP INDEX cases_state;
DROP INDEX cases_household;
DROP INDEX cases_author;
DROP INDEX cases_batch;
-- +goose Down
CREATE INDEX cases_history ON cases_old (account_id, occurred_on);
CREATE INDEX cases_state ON cases_old (village_id, state, id);
CREATE INDEX cases_household ON cases_old (household_id, id);
CREATE INDEX cases_author ON cases_old (author, id);
CREATE INDEX cases_batch ON cases_old (batch_id);
ALTER TABLE cases_old RENAME TO cases;
