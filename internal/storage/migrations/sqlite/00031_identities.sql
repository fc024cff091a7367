-- +goose Up
-- Who WeChat says it is: an openid means something only with its app.
CREATE TABLE identities (
    appid      VARCHAR(32) NOT NULL,
    openid     VARCHAR(80) NOT NULL,
    unionid    VARCHAR(80) NOT NULL,
    user_id    BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (appid, openid)
) WITHOUT ROWID;
CREATE INDEX identities_user ON identities (user_id);
-- +goose Down
DROP TABLE identities;
