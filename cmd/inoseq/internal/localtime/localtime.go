// Package localtime has the time in the zone of the variable TZ, as the C library reads it: package time
// knows the zones that are files, but not those that are rules, such as TZ=JST-9.
package localtime

import (
	"encoding/binary"
	"os"
	"regexp"
	"sync"
	"time"
)

// Now is the time in the local zone.
func Now() time.Time { return time.Now().In(local()) }

var local = sync.OnceValue(func() *time.Location {
	if zone := fromRule(os.Getenv("TZ")); zone != nil {
		return zone
	}
	return time.Local
})

// isRule matches the beginning of a rule of tzset(3): a name, and the hours to add to reach UTC.
var isRule = regexp.MustCompile(`^:?([A-Za-z]{3,}|<[A-Za-z0-9+-]{3,}>)[+-]?[0-9]`)

// fromRule is nil if tz is no rule, or is the name of a file, which goes first.
func fromRule(tz string) *time.Location {
	if !isRule.MatchString(tz) {
		return nil
	}
	if tz[0] == ':' {
		tz = tz[1:]
	}
	if _, err := time.LoadLocation(tz); err == nil {
		return nil
	}
	zone, err := time.LoadLocationFromTZData("Local", file(tz))
	if err != nil {
		return nil
	}
	return zone
}

// file is a zone file, tzfile(5), of version 2 that says nothing but the rule, in the line at its end. A
// file must have a type of time, so there is one: UTC.
func file(rule string) (text []byte) {
	for range 2 { // the part of version 1, and that of version 2
		text = append(text, "TZif2"...)
		text = append(text, make([]byte, 15)...)
		const types, chars = 1, len("UTC\x00")
		for _, count := range []uint32{0, 0, 0, 0, types, uint32(chars)} {
			text = binary.BigEndian.AppendUint32(text, count)
		}
		text = append(text, 0, 0, 0, 0, 0, 0) // its offset, whether it is summer time, where its name is
		text = append(text, "UTC\x00"...)
	}
	return append(text, "\n"+rule+"\n"...)
}
