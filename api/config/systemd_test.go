package config

import (
	"os"
	"strconv"
	"testing"
	"time"
)

func TestWhatSystemdSaysIsRead(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		lines  []string
		socket string
		dog    time.Duration
	}{
		{nil, "", 0},
		{[]string{"NOTIFY_SOCKET=/run/systemd/notify", "WATCHDOG_USEC=30000000"}, "/run/systemd/notify", 30 * time.Second},
		{[]string{"NOTIFY_SOCKET=@abstract", "WATCHDOG_USEC=1000", "WATCHDOG_PID=" + strconv.Itoa(os.Getpid())}, "@abstract", time.Millisecond},
		{[]string{"NOTIFY_SOCKET=/s", "WATCHDOG_USEC=1000", "WATCHDOG_PID=1"}, "/s", 0}, // a parent's
		{[]string{"WATCHDOG_USEC=-1"}, "", 0},
		{[]string{"WATCHDOG_USEC=soon"}, "", 0},
	} {
		c, err := Load(base(test.lines...))
		if err != nil || c.NotifySocket != test.socket || c.Watchdog != test.dog {
			t.Errorf("%q: %q %s %v", test.lines, c.NotifySocket, c.Watchdog, err)
		}
	}
}
