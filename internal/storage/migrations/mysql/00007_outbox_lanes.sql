-- +goose Up
-- Who works on the events of a village and topic. number rises with every batch and is the fence; reached is the number
-- of the last batch that was marked done.
CREATE TABLE outbox_lanes (
    topic      VARCHAR(40) NOT NULL,
    village_id BIGINT      NOT NULL,
    number     BIGINT      NOT NULL,
    reached    BIGINT      NOT NULL,
    owner      VARCHAR(32) NOT NULL,
    until_at   BIGINT      NOT NULL,
    PRIMARY KEY (topic, village_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
-- +goose Down
DROP TABLE outbox_lanes;
