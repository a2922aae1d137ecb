package config

import (
	"os"
	"strconv"
	"time"
)

// readSystemd reads what systemd has a process that it supervises know (sd_notify(3), sd_watchdog_enabled(3)).
func (c *Config) readSystemd(env map[string]string) {
	c.NotifySocket = env["NOTIFY_SOCKET"]
	if pid := env["WATCHDOG_PID"]; pid != "" && pid != strconv.Itoa(os.Getpid()) {
		return // the watchdog is that of another process
	}
	if us, err := strconv.ParseInt(env["WATCHDOG_USEC"], 10, 64); err == nil && us > 0 {
		c.Watchdog = time.Duration(us) * time.Microsecond
	}
}
