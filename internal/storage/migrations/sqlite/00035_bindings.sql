-- +goose Up
-- Asked by a user: to be taken as a member of a household. open_key is unique while it waits and the id afterwards.
CREATE TABLE bindings (
    id           BIGINT NOT NULL,
    village_id   BIGINT NOT NULL,
    user_id      BIGINT NOT NULL,
    household_id BIGINT NOT NULL,
    name         VARCHAR(60) NOT NULL,
    state        VARCHAR(10) NOT NULL,
    open_key     VARCHAR(48) NOT NULL,
    member_id    BIGINT NOT NULL,
    note         VARCHAR(200) NOT NULL,
    created_at   BIGINT NOT NULL,
    decided_at   BIGINT NOT NULL,
    decided_by   BIGINT NOT NULL,
    PRIMARY KEY (id),
    CHECK (state IN ('pending', 'confirmed', 'refused'))
);
CREATE UNIQUE INDEX bindings_open ON bindings (open_key);
CREATE INDEX bindings_village ON bindings (village_id, state, id);
CREATE INDEX bindings_user ON bindings (user_id);
-- +goose Down
DROP TABLE bindings;
