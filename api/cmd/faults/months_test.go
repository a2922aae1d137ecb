package main

import (
	"slices"
	"strings"
	"testing"
)

func TestWhatIsLargerInTheThirdMonthGrowsOnAndOn(t *testing.T) {
	days := func(size func(day int) int64) (list []int64) {
		for day := range 93 {
			list = append(list, size(day))
		}
		return list
	}
	g := growth{
		"flat":          days(func(int) int64 { return 1 << 20 }),
		"sign_ins":      days(func(day int) int64 { return int64(day%31) << 14 }), // a partition goes each month
		"retired_names": days(func(day int) int64 { return int64(day) << 14 }),
		"small":         days(func(day int) int64 { return int64(day) << 10 }), // some pages
	}
	if err := g.flat(31); err != nil {
		t.Error(err)
	}
	g["grants_pkey"] = days(func(day int) int64 { return int64(day) << 14 })
	if err := g.flat(31); err == nil || !strings.Contains(err.Error(), "grants_pkey (976 kB, then 1472 kB)") {
		t.Error(err)
	}
	if most := g.most(0, 31); most < 1<<20 || !slices.Contains(names(faults), "months") {
		t.Error(most)
	}
}
