-- +goose Up
-- the list of what waits for a person in a village
CREATE INDEX content_checks_village ON content_checks (village_id, verdict, id);
-- +goose Down
DROP INDEX content_checks_village ON content_checks;
