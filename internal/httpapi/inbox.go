package httpapi

import (
	"context"

	"hefen/internal/access"
	"hefen/internal/notify"
)

func (s *Server) registerInbox(a *api) {
	register(a, get("/me/messages", "list-messages", "消息：自己和自家的，新的在前；积分的每一笔也在里面").tagged("messages"), notify.MayRead, s.listMessages)
	register(a, get("/me/messages/unread", "count-unread-messages", "没看过的消息有几条").tagged("messages"), notify.MayRead, s.unreadMessages)
	register(a, post("/me/messages/read", "mark-messages-read", "看到哪一条了；只会往后，重复发送不起作用").tagged("messages"), notify.MayRead, s.markMessages)
	register(a, get("/me/subscriptions", "list-subscriptions", "可以订阅的微信提醒，和还剩几次").tagged("messages"), notify.MayRead, s.listSubscriptions)
	register(a, post("/me/subscriptions", "subscribe", "在微信里同意了哪几种提醒；每同意一次发一条").tagged("messages"), notify.MayRead, s.subscribe)
}

type messagesInput struct {
	Cursor idParam `query:"cursor" doc:"上一页给出的 next"`
	Limit  int     `query:"limit" minimum:"0" maximum:"50"`
}

func (s *Server) listMessages(ctx context.Context, by access.Actor, in *messagesInput) (notify.Page, error) {
	return s.Notify.Inbox(ctx, by, in.Cursor.ID, in.Limit)
}

func (s *Server) unreadMessages(ctx context.Context, by access.Actor, _ *struct{}) (notify.Count, error) {
	return s.Notify.Unread(ctx, by)
}

type markInput struct{ Body notify.MarkRequest }

func (s *Server) markMessages(ctx context.Context, by access.Actor, in *markInput) (notify.Count, error) {
	return s.Notify.Mark(ctx, by, in.Body)
}

func (s *Server) listSubscriptions(ctx context.Context, by access.Actor, _ *struct{}) (notify.Subscriptions, error) {
	return s.Notify.Subscriptions(ctx, by)
}

type subscribeInput struct{ Body notify.SubscribeRequest }

func (s *Server) subscribe(ctx context.Context, by access.Actor, in *subscribeInput) (notify.Subscriptions, error) {
	return s.Notify.Subscribe(ctx, by, in.Body)
}
