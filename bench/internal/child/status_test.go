package child

import "testing"

func TestFieldsOfStatusAreNumbersOrBytes(t *testing.T) {
	const text = "Name:\tx\nVmHWM:\t    2048 kB\nThreads:\t7\nVmRSS:\n"
	for field, want := range map[string]float64{"VmHWM": 2048 * 1024, "Threads": 7} {
		if got, ok := statusField(text, field); !ok || got != want {
			t.Errorf("%s is %v, %v, want %v", field, got, ok, want)
		}
	}
	for _, field := range []string{"VmRSS", "Name", "Absent", "VmHW"} {
		if got, ok := statusField(text, field); ok {
			t.Errorf("%s is %v", field, got)
		}
	}
}
