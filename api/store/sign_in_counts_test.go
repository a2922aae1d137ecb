package store

import (
	"fmt"
	"testing"
	"time"
)

func TestSignInsOfAnHourAreCountedWithHowLongTheyTook(t *testing.T) {
	t.Parallel()
	conn := connect(t)
	s := open(t, conn.Config().ConnString())
	hour := time.Now().UTC().Truncate(time.Hour)
	for range 2 { // replicas add up
		try(t, s.AddSignInTimes(t.Context(), map[SignInTime]int64{
			{hour, SignInAnswered, 50}: 30, {hour, SignInAnswered, 100}: 19, {hour, SignInAnswered, 800}: 1, {hour, SignInThrottled, 25}: 7,
			{hour.Add(-time.Hour), SignInThrottled, 25}: 2, {hour.Add(-91 * 24 * time.Hour), SignInAnswered, 25}: 1}))
	}
	list, err := s.CountSignIns(t.Context(), 3)
	try(t, err)
	got := ""
	for _, c := range list {
		got += fmt.Sprint(c.Throttled)
		if c.MedianMS != nil {
			got += fmt.Sprintf(" within %d and %d ms", *c.MedianMS, *c.P99MS)
		}
		got += "; "
	}
	if want := "0; 4; 14 within 50 and 800 ms; "; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	_, err = s.CleanUp(t.Context(), Kept{SignIns: time.Hour, Audit: time.Hour}, time.Now())
	try(t, err)
	var oldest time.Time
	try(t, conn.QueryRow(t.Context(), `SELECT min(hour) FROM sign_in_counts`).Scan(&oldest))
	if !oldest.Equal(hour.Add(-time.Hour)) {
		t.Errorf("the oldest that is kept is of %s", oldest)
	}
}
