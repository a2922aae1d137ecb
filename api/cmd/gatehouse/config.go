package main

import "gatehouse/api/config"

type configCmd struct{}

// Run prints the values even of a configuration that is refused: one of them is why.
func (configCmd) Run(a *app) error {
	cfg, err := config.Load(a.environ)
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
