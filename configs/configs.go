// Package configs carries the files that ship with the program, so that one binary needs no folder beside it.
package configs

import "embed"

// Schemes holds the scheme templates, schemes/*.yaml.
//
//go:embed schemes/*.yaml
var Schemes embed.FS

// Holidays holds the calendars of holidays and make-up work days, holidays/*.yaml, one a year.
//
//go:embed holidays/*.yaml
var Holidays embed.FS
