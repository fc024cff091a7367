-- +goose Up
-- the kinds of moves are an open list from here on: the table is made anew and filled from the old one
ALTER TABLE stock_moves RENAME TO stock_moves_old;
-- +goose Down
ALTER TABLE stock_moves_old RENAME TO stock_moves;
