package load

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

const tick = 10 * time.Millisecond // of /proc: USER_HZ is 100 on Linux

// stat is what is needed of /proc/PID/stat (proc(5)).
type stat struct {
	pid, parent int
	used        time.Duration // in user and system mode, with children that have been waited for
}

func readStat(file string) (s stat, ok bool) {
	text, err := os.ReadFile(file)
	before, rest, found := bytes.Cut(text, []byte(" ("))
	fields := strings.Fields(string(rest[bytes.LastIndexByte(rest, ')')+1:]))
	if err != nil || !found || len(fields) < 15 {
		return s, false // it has ended since
	}
	s.pid, _ = strconv.Atoi(string(before))
	s.parent, _ = strconv.Atoi(fields[1])
	for _, field := range fields[11:15] { // utime, stime, cutime, cstime
		n, _ := strconv.Atoi(field)
		s.used += time.Duration(n) * tick
	}
	return s, true
}

// CPU returns the CPU time that the process and all its descendants have used so far, 0 if pid is 0.
func CPU(pid int) (used time.Duration) {
	if pid == 0 {
		return 0
	}
	files, _ := filepath.Glob("/proc/[0-9]*/stat")
	children := map[int][]stat{}
	for _, file := range files {
		if s, ok := readStat(file); ok {
			children[s.parent] = append(children[s.parent], s)
			if s.pid == pid {
				used = s.used
			}
		}
	}
	for parents := []int{pid}; len(parents) > 0; parents = parents[1:] {
		for _, child := range children[parents[0]] {
			used += child.used
			parents = append(parents, child.pid)
		}
	}
	return used
}

// own returns the CPU time of this process alone.
func own() time.Duration {
	s, _ := readStat("/proc/self/stat")
	return s.used
}

// busy returns the time that all CPUs of the machine together have not been idle (proc(5), /proc/stat).
func busy() (used time.Duration) {
	text, _ := os.ReadFile("/proc/stat")
	line, _, _ := strings.Cut(string(text), "\n")
	for i, field := range strings.Fields(line) {
		if i == 0 || i == 4 || i == 5 || i > 8 { // "cpu", idle, iowait, and guests, which user has already
			continue
		}
		n, _ := strconv.Atoi(field)
		used += time.Duration(n) * tick
	}
	return used
}

// Resident returns how much memory a process has, in MiB, 0 if there is no such process.
func Resident(pid int) float64 {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	for line := range strings.Lines(string(text)) {
		if value, found := strings.CutPrefix(line, "VmRSS:"); found {
			kib, _ := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 64)
			return kib / 1024
		}
	}
	return 0
}
