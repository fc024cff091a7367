-- +goose Up
-- the drawings of a round: who takes part, in the order of their numbers, and who was drawn, in the order in which they came
CREATE TABLE award_drawings (
    round_id BIGINT NOT NULL,
    number INT NOT NULL,
    what VARCHAR(200) NOT NULL,
    seats INT NOT NULL,
    accounts MEDIUMTEXT NOT NULL,
    drawn TEXT NOT NULL,
    PRIMARY KEY (round_id, number)
);
-- +goose Down
DROP TABLE award_drawings;
