package compat

// This file gives signals their default effect, which ends a C program. A Go program catches most of
// them, does nothing, and cannot be told otherwise by package os/signal.

import (
	"runtime"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// firstRealtime and lastRealtime are the signals that have no names; glibc keeps 32 and 33 to itself.
const firstRealtime, lastRealtime = 34, 64

// sigaction is the kernel's struct, which is of another size and order on each architecture. All zeros is
// SIG_DFL, no flags and an empty mask on each.
type sigaction [64]byte

// goActions are those of Go for the signals that have their default effect now.
var goActions = make(map[syscall.Signal]*sigaction)

// defaultSignals has the signals end the process that would end a C program.
func defaultSignals() {
	signals := []syscall.Signal{
		unix.SIGUSR1, unix.SIGUSR2, unix.SIGALRM, unix.SIGVTALRM, unix.SIGPROF, unix.SIGIO, unix.SIGPWR, unix.SIGQUIT,
		unix.SIGXCPU, unix.SIGXFSZ,
	}
	for sig := syscall.Signal(firstRealtime); sig <= lastRealtime; sig++ {
		signals = append(signals, sig)
	}
	for _, sig := range signals {
		goActions[sig] = new(sigaction)
		setAction(sig, new(sigaction), goActions[sig])
	}
}

// catch gives sig back to Go, after package os/signal has been told who wants it.
func catch(sig syscall.Signal) {
	if action := goActions[sig]; action != nil {
		setAction(sig, action, nil)
	}
}

// setAction cannot fail with the arguments that it gets here; if it did, nothing would change.
func setAction(sig syscall.Signal, action, old *sigaction) {
	size := uintptr(8) // of sigset_t in the kernel
	if strings.HasPrefix(runtime.GOARCH, "mips") {
		size = 16
	}
	_, _, _ = unix.RawSyscall6(unix.SYS_RT_SIGACTION, uintptr(sig), uintptr(unsafe.Pointer(action)),
		uintptr(unsafe.Pointer(old)), size, 0, 0)
}
