//go:build unix

package compat

// This file sends messages to syslog(3).

import (
	"fmt"
	"log/syslog"
)

type sysLog struct{ w *syslog.Writer }

// openSyslog connects to the machine's log. If there is none, messages go nowhere, as with syslog(3).
func openSyslog(ident string) sysLog {
	w, err := syslog.New(syslog.LOG_INFO|syslog.LOG_DAEMON, ident)
	if err != nil {
		return sysLog{}
	}
	return sysLog{w}
}

func (l sysLog) say(format string, args ...any) {
	if l.w != nil {
		_ = l.w.Info(fmt.Sprintf(format, args...))
	}
}

func (l sysLog) close() {
	if l.w != nil {
		l.w.Close()
	}
}
