package main

import (
	"context"

	"gatehouse/api/config"
	"gatehouse/api/web"
)

type uiCmd struct{}

func (uiCmd) Run(ctx context.Context, a *app) error {
	cfg, err := a.config(config.ForUI)
	if err != nil {
		return err
	}
	handler, err := web.UI(cfg)
	if err != nil {
		return err
	}
	a.startLog(cfg)
	return web.ListenAndServe(ctx, cfg, web.Door{Addr: cfg.UIListen, Handler: handler})
}
