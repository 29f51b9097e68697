package child

// This file reads what /proc tells of a process.

import (
	"strconv"
	"strings"
)

// statusField returns a number of a text in the form of /proc/PID/status.
func statusField(text, field string) (float64, bool) {
	for _, line := range strings.Split(text, "\n") {
		rest, ok := strings.CutPrefix(line, field+":")
		if !ok {
			continue
		}
		words := strings.Fields(rest)
		if len(words) == 0 {
			return 0, false
		}
		v, err := strconv.ParseFloat(words[0], 64)
		if err != nil {
			return 0, false
		}
		if len(words) > 1 && words[1] == "kB" {
			v *= 1024
		}
		return v, true
	}
	return 0, false
}
