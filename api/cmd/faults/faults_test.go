package main

import (
	"errors"
	"strings"
	"testing"
)

func TestAFaultThatIsNotThereIsNamedWithThoseThatAre(t *testing.T) {
	o, err := parse([]string{"--quick", "--only", "postgres-away"})
	if err != nil || !o.quick || len(o.chosen) != 1 || o.chosen[0].name != "postgres-away" {
		t.Error(o, err)
	}
	if o, err = parse([]string{"--only", "failover"}); err != nil || len(o.chosen) != 2 {
		t.Error("there are two failovers: synchronous and not", names(o.chosen), err)
	}
	if o, _ = parse([]string{"--quick"}); !o.quick || len(o.chosen) == 0 || len(o.chosen) == len(faults) {
		t.Errorf("in npm test happen %v", names(o.chosen))
	}
	for _, args := range [][]string{{"--only", "postgre"}, {"postgres-away"}, {"--record", "--quick"}, {"--record", "--only", "pool"}} {
		if _, err = parse(args); err == nil {
			t.Errorf("%s is taken", args)
		}
	}
}

func TestTheLastLineHasTheSums(t *testing.T) {
	table := tableOf([]row{
		{fault: fault{name: "one"}, outcome: outcome{acknowledged: 5, lost: 1, mayLose: true}},
		{fault: fault{name: "two"}, outcome: outcome{acknowledged: 6, doubled: 2}, err: errors.New("2 doubled")},
	})
	if !strings.HasSuffix(table, "\n2 faults, 11 acknowledged, 1 lost, 2 doubled\n") || !strings.Contains(table, "FAILED: 2 doubled") {
		t.Error(table)
	}
}

func TestWhatIsDoubledOrLostFailsItsRow(t *testing.T) {
	for _, c := range []struct {
		outcome
		fails bool
	}{
		{outcome{acknowledged: 5}, false}, {outcome{lost: 1}, true}, {outcome{doubled: 1}, true},
		{outcome{lost: 1, mayLose: true}, false}, {outcome{doubled: 1, mayLose: true}, true},
	} {
		if (c.whole() != nil) != c.fails {
			t.Errorf("%+v: %v", c.outcome, c.whole())
		}
	}
}
