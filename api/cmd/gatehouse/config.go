package main

import (
	"errors"

	"gatehouse/api/config"
)

type configCmd struct{}

// Run prints the values even of a configuration that is refused: one of them is why.
func (configCmd) Run(a *app) error {
	cfg, err := config.LoadInstalled(a.environ, a.installed)
	if a.json {
		return errors.Join(printJSON(a.stdout, cfg.Values()), err)
	}
	t := newTable(a.stdout, "NAME", "VALUE", "SOURCE")
	for _, v := range cfg.Values() {
		value, source := v.Value, v.Source
		if value == "" {
			value, source = "-", "not set"
		}
		t.row(v.Name, value, source)
	}
	t.flush()
	return err
}
