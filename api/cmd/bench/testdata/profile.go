// This file is not part of Gatehouse: `npm run bench -- --profile` compiles it into the binary that it measures (go help build,
// -overlay), so that the product has no code for it.

package main

import (
	"log/slog"
	"os"
	"os/signal"
	"runtime"
	"runtime/pprof"
	"syscall"
)

// SIGUSR1 starts a CPU profile, cpu.pprof in the working directory, and SIGUSR2 ends it; allocs-before.pprof and allocs.pprof
// have what was allocated until then.
func init() {
	runtime.MemProfileRate = 128 << 10 // bytes: often enough for a few seconds
	began, ended := make(chan os.Signal, 1), make(chan os.Signal, 1)
	signal.Notify(began, syscall.SIGUSR1)
	signal.Notify(ended, syscall.SIGUSR2)
	go func() {
		for range began {
			writeAllocs("allocs-before.pprof")
			cpu, err := os.Create("cpu.pprof")
			if err == nil {
				err = pprof.StartCPUProfile(cpu)
			}
			if err != nil {
				slog.Error("no profile", "error", err)
				continue
			}
			<-ended
			pprof.StopCPUProfile()
			_ = cpu.Close()
			writeAllocs("allocs.pprof")
		}
	}()
}

func writeAllocs(name string) {
	file, err := os.Create(name)
	if err != nil {
		slog.Error("no profile", "error", err)
		return
	}
	defer func() { _ = file.Close() }()
	runtime.GC() // up to which allocations are counted
	_ = pprof.Lookup("allocs").WriteTo(file, 0)
}
