-- +goose Up
UPDATE award_prizes SET handed_id = id WHERE state = 'collected';
-- +goose Down
UPDATE award_prizes SET handed_id = 0 WHERE handed_id <> 0;
