package stats

import (
	"math"
	"slices"
	"testing"
)

func TestTheSummaryIsMedianAndExtremesOfWhatIsKnown(t *testing.T) {
	for _, c := range []struct {
		values []float64
		want   Summary
	}{
		{[]float64{3, 1, 2}, Summary{2, 1, 3, 3}},
		{[]float64{4, 1, 3, 2}, Summary{2.5, 1, 4, 4}},
		{[]float64{7}, Summary{7, 7, 7, 1}},
		{[]float64{5, math.NaN(), 1, 3}, Summary{3, 1, 5, 3}},
	} {
		if got := Of(c.values); got != c.want {
			t.Errorf("Of(%v) is %v, want %v", c.values, got, c.want)
		}
	}
	if got := Of([]float64{math.NaN()}); !math.IsNaN(got.Median) || got.N != 0 {
		t.Errorf("nothing known gives %v", got)
	}
}

func TestTheSummaryLeavesItsInputAlone(t *testing.T) {
	values := []float64{3, math.NaN(), 1}
	Of(values)
	Quantile(values, 0.5)
	if values[0] != 3 || values[2] != 1 {
		t.Errorf("values are now %v", values)
	}
}

func TestAQuantileIsOneOfTheValues(t *testing.T) {
	values := make([]float64, 100)
	for i := range values {
		values[i] = float64(100 - i)
	}
	for q, want := range map[float64]float64{0: 1, 0.5: 50, 0.9: 90, 0.99: 99, 1: 100} {
		if got := Quantile(values, q); got != want {
			t.Errorf("quantile %v is %v, want %v", q, got, want)
		}
	}
	if got := Quantile(nil, 0.5); !math.IsNaN(got) {
		t.Errorf("quantile of nothing is %v", got)
	}
}

func TestRatiosAreTakenRoundByRound(t *testing.T) {
	got := Ratios([]float64{2, 6, 1, 5}, []float64{1, 3, 0})
	if !slices.Equal(got[:2], []float64{2, 2}) || !math.IsNaN(got[2]) || !math.IsNaN(got[3]) {
		t.Errorf("ratios are %v", got)
	}
}
