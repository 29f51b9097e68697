package localtime

import (
	"testing"
	"time"
)

func TestARuleOfTZIsAZone(t *testing.T) {
	winter := time.Date(2026, time.January, 15, 12, 0, 0, 0, time.UTC)
	summer := time.Date(2026, time.July, 15, 12, 0, 0, 0, time.UTC)
	for _, tt := range []struct{ tz, winter, summer string }{
		{"JST-9", "21:00 +0900 JST", "21:00 +0900 JST"},
		{":JST-9", "21:00 +0900 JST", "21:00 +0900 JST"},
		{"UTC-5:30", "17:30 +0530 UTC", "17:30 +0530 UTC"},
		{"<+0545>-5:45", "17:45 +0545 +0545", "17:45 +0545 +0545"},
		{"XYZ3", "09:00 -0300 XYZ", "09:00 -0300 XYZ"},
		{"CET-1CEST,M3.5.0,M10.5.0/3", "13:00 +0100 CET", "14:00 +0200 CEST"},
		{"AAA5BBB", "07:00 -0500 AAA", "08:00 -0400 BBB"},
	} {
		zone := fromRule(tt.tz)
		if zone == nil {
			t.Errorf("%q is no rule", tt.tz)
			continue
		}
		const form = "15:04 -0700 MST"
		if got := winter.In(zone).Format(form); got != tt.winter {
			t.Errorf("%q in winter: %s, want %s", tt.tz, got, tt.winter)
		}
		if got := summer.In(zone).Format(form); got != tt.summer {
			t.Errorf("%q in summer: %s, want %s", tt.tz, got, tt.summer)
		}
	}
}

func TestWhatIsNoRuleIsLeftToPackageTime(t *testing.T) {
	for _, tz := range []string{"", "UTC", "Europe/Berlin", ":Europe/Berlin", "/etc/localtime", "AB3", "3", "<AB>3", "none"} {
		if zone := fromRule(tz); zone != nil {
			t.Errorf("%q is the zone %v", tz, zone)
		}
	}
}
