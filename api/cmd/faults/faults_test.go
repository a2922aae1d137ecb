package main

import "testing"

func TestAFaultThatIsNotThereIsNamedWithThoseThatAre(t *testing.T) {
	chosen, quick, err := parse([]string{"--quick", "--only", "postgres-away"})
	if err != nil || !quick || len(chosen) != 1 || chosen[0].name != "postgres-away" {
		t.Error(chosen, quick, err)
	}
	if chosen, quick, _ = parse([]string{"--quick"}); !quick || len(chosen) == 0 || len(chosen) == len(faults) {
		t.Errorf("in npm test happen %v", names(chosen))
	}
	if _, _, err = parse([]string{"--only", "postgres"}); err == nil {
		t.Error("postgres is taken for a fault")
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
