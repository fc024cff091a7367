-- +goose Up
-- Names one handing out of a prize in the stock moves: a prize that was taken back is handed out again under another name.
ALTER TABLE award_prizes ADD COLUMN handed_id BIGINT NOT NULL DEFAULT 0;
-- +goose Down
ALTER TABLE award_prizes DROP COLUMN handed_id;
