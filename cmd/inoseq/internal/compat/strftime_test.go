package compat

// This file tests times: by a table, and against date(1) of coreutils, whose conversions are those of
// strftime(3) of the GNU C library, with the same flags and widths.

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

func TestTimesAreThoseOfStrftime(t *testing.T) {
	at := time.Date(2007, time.March, 4, 5, 6, 7, 0, time.UTC) // a Sunday
	for _, tt := range []struct{ format, want string }{
		{"", ""},
		{"plain", "plain"},
		{"%Y-%m-%d %H:%M:%S", "2007-03-04 05:06:07"},
		{"%-d %e %_m %0e %k", "4  4  3 04  5"},
		{"%5d|%_5d|%-5d|%05e", "00004|    4|    4|00004"},
		{"%^a|%^B|%#a|%#p|%P", "SUN|MARCH|SUN|am|am"},
		{"%10a|%010a|%-10a", "       Sun|0000000Sun|       Sun"},
		{"%C|%y|%g|%G|%V|%u|%w|%j", "20|07|07|2007|09|7|0|063"},
		{"%Ey|%Od|%Ec", "07|04|Sun Mar  4 05:06:07 2007"},
		{"%z|%Z|%s", "+0000|UTC|1172984767"},
		{"%t%n%%", "\t\n%"},
		{"%", "%"},
		{"a%5", "a   %5"},
		{"%N|%Q|%é", "%N|%Q|%é"},
	} {
		if got := formatTime(tt.format, at); got != tt.want {
			t.Errorf("%q: %q, want %q", tt.format, got, tt.want)
		}
	}
	if got := formatTime(strings.Repeat("x", mostText), at); got != "" {
		t.Errorf("a text that is too long has %d bytes, want none", len(got))
	}
}

// dateFormats are conversions that date(1) and strftime(3) take for the same.
func dateFormats() (formats []string) {
	for _, letter := range "aAbBcCdDeFgGhHIjklmMpPrRsSTuUVwWxXyYzZ%" {
		formats = append(formats, "%"+string(letter))
	}
	for _, letter := range "CdegHIjklmMSuUVwWyY" {
		for _, flags := range []string{"-", "_", "0", "6", "_6", "06"} {
			formats = append(formats, "%"+flags+string(letter))
		}
	}
	for _, letter := range "aAbBhpZ" {
		for _, flags := range []string{"^", "#", "12", "^12"} {
			formats = append(formats, "%"+flags+string(letter))
		}
	}
	return append(formats, "%Ec", "%EC", "%Ex", "%EX", "%Ey", "%EY", "%Od", "%Oe", "%OH", "%Om", "%OM", "%OS", "%OU", "%Oy")
}

func TestTimesAreThoseOfDate(t *testing.T) {
	if out, err := exec.Command("date", "--version").Output(); err != nil || !strings.Contains(string(out), "coreutils") {
		t.Skipf("needs date: of coreutils: %v", err)
	}
	formats := dateFormats()
	for _, zone := range []string{"UTC", "Asia/Kolkata", "America/New_York"} {
		location, err := time.LoadLocation(zone)
		if err != nil {
			continue // no data of zones here: UTC is what is left
		}
		for _, seconds := range []int64{0, 951782400, 1172984767, 1230768000, 1609459200, 1704067199, 1719792000, 4102444799} {
			cmd := exec.Command("date", "-d", fmt.Sprint("@", seconds), "+"+strings.Join(formats, "|"))
			cmd.Env = append(os.Environ(), "LC_ALL=C", "TZ="+zone)
			out, err := cmd.Output()
			if err != nil {
				t.Fatal(err)
			}
			theirs := strings.Split(strings.TrimSuffix(string(out), "\n"), "|")
			for i, format := range formats {
				if ours := formatTime(format, time.Unix(seconds, 0).In(location)); ours != theirs[i] {
					t.Errorf("@%d in %s, %q: %q, date prints %q", seconds, zone, format, ours, theirs[i])
				}
			}
		}
	}
}
