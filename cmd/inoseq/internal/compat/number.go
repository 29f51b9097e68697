package compat

// This file reads the argument of --timeout as strtol(3) does.

import (
	"fmt"
	"io"
	"strconv"
	"strings"
)

// parseTimeout returns seconds. Of the 64 bits that are read, 32 are kept, as there: -1 is 136 years.
func parseTimeout(text string, stderr io.Writer) (seconds uint32, ok bool) {
	if text == "" {
		fmt.Fprint(stderr, "The provided value is not a valid timeout value.\nPlease specify a long int value.\n")
		return 0, false
	}
	digits := strings.TrimLeft(text, " \t\n\v\f\r")
	end := 0
	if end < len(digits) && (digits[end] == '+' || digits[end] == '-') {
		end++
	}
	first := end
	for end < len(digits) && '0' <= digits[end] && digits[end] <= '9' {
		end++
	}
	if end == first { // no number: strtol stops where it began
		return 0, wrongTimeout(text, stderr)
	}
	n, err := strconv.ParseInt(digits[:end], 10, 64)
	if err != nil {
		fmt.Fprint(stderr, "Something went wrong with the timeout value you provided.\nNumerical result out of range\n")
		return 0, false
	}
	if end < len(digits) {
		return 0, wrongTimeout(text, stderr)
	}
	return uint32(n), true
}

func wrongTimeout(text string, stderr io.Writer) bool {
	fmt.Fprintf(stderr, "'%s' is not a valid timeout value.\nPlease specify a long int value.\n", text)
	return false
}
