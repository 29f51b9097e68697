package compat

// This file gives signals their default effect, which ends a C program. A Go program catches most of
// them, does nothing, and cannot be told otherwise by package os/signal.

import (
	"runtime"
	"slices"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// firstRealtime and lastRealtime are the signals that have no names; glibc keeps 32 and 33 to itself.
const firstRealtime, lastRealtime = 34, 64

// defaultSignals has the signals end the process that would end a C program, but for those that the
// program handles.
func defaultSignals(handled ...syscall.Signal) {
	signals := []syscall.Signal{
		unix.SIGUSR1, unix.SIGUSR2, unix.SIGALRM, unix.SIGVTALRM, unix.SIGPROF, unix.SIGIO, unix.SIGPWR, unix.SIGQUIT,
		unix.SIGXCPU, unix.SIGXFSZ,
	}
	for sig := syscall.Signal(firstRealtime); sig <= lastRealtime; sig++ {
		signals = append(signals, sig)
	}
	// The kernel's struct sigaction, which is of another size and order on each architecture. All zeros
	// is SIG_DFL, no flags and an empty mask on each.
	var action [64]byte
	size := uintptr(8) // of sigset_t in the kernel
	if strings.HasPrefix(runtime.GOARCH, "mips") {
		size = 16
	}
	for _, sig := range signals {
		if slices.Contains(handled, sig) {
			continue
		}
		// It cannot fail with these arguments; if it did, the signal would do nothing, as before.
		_, _, _ = unix.RawSyscall6(unix.SYS_RT_SIGACTION, uintptr(sig), uintptr(unsafe.Pointer(&action)), 0, size, 0, 0)
	}
}

func waitSignals() { defaultSignals() }

// statSignals leaves the signals that inotifywatch handles, and SIGQUIT: Go ends by it in its own way, and
// --live handles it.
func statSignals() { defaultSignals(unix.SIGUSR1, unix.SIGALRM, unix.SIGQUIT) }
