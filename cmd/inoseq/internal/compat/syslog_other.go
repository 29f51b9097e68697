//go:build !unix

package compat

// This file stands in for syslog_unix.go where there is no syslog.

type sysLog struct{}

func openSyslog(string) sysLog    { return sysLog{} }
func (sysLog) say(string, ...any) {}
func (sysLog) close()             {}
