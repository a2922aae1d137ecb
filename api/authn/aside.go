package authn

import (
	"runtime"
	"sync"
	"syscall"
)

// aside runs what computes for long on a thread of its own, with the lowest priority: everything else that is asked of this machine takes
// microseconds, and goes first. Where the rest leaves a core free it computes as fast as ever.
func aside(compute func()) {
	var trouble any
	done := make(chan struct{})
	addProcessors(1) // or those of the runtime would be the ones that compute
	defer addProcessors(-1)
	go func() {
		defer func() {
			trouble = recover()
			close(done)
		}()
		if runtime.GOOS == "linux" { // elsewhere it would be the priority of the process
			runtime.LockOSThread() // and never unlocked, so that the thread ends with its priority
			_ = syscall.Setpriority(syscall.PRIO_PROCESS, 0, 19)
		}
		compute()
	}()
	<-done
	if trouble != nil {
		panic(trouble)
	}
}

var processors sync.Mutex

// addProcessors changes how many threads run Go at once.
func addProcessors(n int) {
	processors.Lock()
	defer processors.Unlock()
	runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + n)
}
