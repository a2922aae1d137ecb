package main

import "github.com/alecthomas/kong"

type auditCmd struct {
	kong.Plugins
}
