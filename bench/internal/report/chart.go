package report

// This file draws charts: dark text on white, wide enough to be read on a page of 800 pixels.

import (
	"bytes"
	"fmt"
	"image/color"
	"math"
	"os"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// width is that of every chart. A point of the SVG is 4/3 of a pixel.
const width = 600 * vg.Length(1)

var (
	dark  = color.Gray{0x22}
	faint = color.Gray{0xdd}
	// shades of a series each, told apart by lightness, too.
	shades = []color.Color{
		color.RGBA{0x1f, 0x4e, 0x8c, 0xff}, color.RGBA{0xe0, 0x8a, 0x2c, 0xff}, color.RGBA{0x5a, 0x9e, 0x6f, 0xff},
		color.RGBA{0x8b, 0x3a, 0x62, 0xff}, color.RGBA{0x77, 0x77, 0x77, 0xff}, color.RGBA{0x3b, 0xa7, 0xc9, 0xff},
		color.RGBA{0xb0, 0x9a, 0x2e, 0xff},
	}
)

// Bar is a group of bars, one for each series; NaN leaves one out.
type Bar struct {
	Label  string
	Values []float64
	Text   []string // written behind each
}

// Bars draws groups of horizontal bars, the first at the top. Values are drawn as they are; unit is what
// the axis is called.
func Bars(file, title, unit string, series []string, bars []Bar) error {
	p := newPlot(title)
	p.X.Label.Text = unit
	p.X.Min = 0
	p.Y.Padding = vg.Points(4)
	labels := make([]string, len(bars))
	most := 0.0
	thick := vg.Points(13)
	if len(series) > 1 {
		thick = vg.Points(11)
	}
	var notes plotter.XYLabels
	var shift []vg.Length
	for s := range series {
		offset := thick * vg.Length(float64(len(series)-1)/2-float64(s))
		values := make(plotter.Values, len(bars))
		for i, bar := range bars {
			row := len(bars) - 1 - i        // the axis begins at the bottom
			labels[row] = bar.Label + "   " // so that a wider font still ends before the bar
			v := bar.Values[s]
			if math.IsNaN(v) {
				v = 0
			}
			values[row] = v
			most = max(most, v)
			if s < len(bar.Text) && bar.Text[s] != "" {
				notes.XYs = append(notes.XYs, plotter.XY{X: v, Y: float64(row)})
				notes.Labels = append(notes.Labels, bar.Text[s])
				shift = append(shift, offset)
			}
		}
		chart, err := plotter.NewBarChart(values, thick)
		if err != nil {
			return err
		}
		chart.Horizontal, chart.Offset = true, offset
		chart.Color, chart.LineStyle.Width = shades[s%len(shades)], 0
		p.Add(chart)
		if len(series) > 1 {
			p.Legend.Add(series[s]+"   ", chart)
		}
	}
	texts := textLabels{notes, shift}
	p.Add(texts)
	p.NominalY(labels...)
	p.Y.Tick.Label.XAlign = draw.XRight
	p.Legend.Top = true
	p.X.Max = most * 1.22
	if most == 0 {
		p.X.Max = 1
	}
	height := vg.Points(95) + vg.Length(len(bars))*(thick*vg.Length(len(series))+vg.Points(10))
	return save(p, file, height)
}

// textLabels writes texts behind bars.
type textLabels struct {
	plotter.XYLabels
	shift []vg.Length
}

// Plot implements plot.Plotter.
func (t textLabels) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	style := p.X.Tick.Label
	style.XAlign, style.YAlign = draw.XLeft, draw.YCenter
	for i, label := range t.Labels {
		c.FillText(style, vg.Point{X: x(t.XYs[i].X) + vg.Points(4), Y: y(t.XYs[i].Y) + t.shift[i]}, label)
	}
}

// Line is a curve.
type Line struct {
	Label string
	XYs   plotter.XYs
}

// Lines draws curves; both axes are logarithmic.
func Lines(file, title, xName, yName string, lines []Line) error {
	p := newPlot(title)
	p.X.Label.Text, p.Y.Label.Text = xName, yName
	p.X.Scale, p.Y.Scale = plot.LogScale{}, plot.LogScale{}
	p.Add(&plotter.Grid{Vertical: draw.LineStyle{Color: faint, Width: 0.5}, Horizontal: draw.LineStyle{Color: faint, Width: 0.5}})
	xs, ys, ye := math.Inf(1), math.Inf(1), 0.0
	var ticks []float64
	for i, l := range lines {
		curve, points, err := plotter.NewLinePoints(l.XYs)
		if err != nil {
			return fmt.Errorf("%s: %w", l.Label, err)
		}
		curve.Color, curve.Width = shades[i%len(shades)], vg.Points(2)
		points.Color, points.Shape, points.Radius = curve.Color, draw.CircleGlyph{}, vg.Points(3)
		if i%2 == 1 {
			curve.Dashes = []vg.Length{vg.Points(5), vg.Points(3)}
		}
		p.Add(curve, points)
		p.Legend.Add(l.Label, curve, points)
		for _, xy := range l.XYs {
			xs, ys, ye = min(xs, xy.X), min(ys, xy.Y), max(ye, xy.Y)
			ticks = append(ticks, xy.X)
		}
	}
	p.X.Min, p.Y.Min = xs*0.8, math.Pow(10, math.Floor(math.Log10(ys)))
	p.X.Tick.Marker = marks(ticks)
	p.Y.Tick.Marker = powers{}
	p.Y.Max = math.Pow(10, math.Ceil(math.Log10(ye))) * 1.001
	p.Legend.Top, p.Legend.Left = true, true
	return save(p, file, vg.Points(330))
}

// marks are ticks at the values that were measured.
type marks []float64

// Ticks implements plot.Ticker.
func (m marks) Ticks(float64, float64) (ticks []plot.Tick) {
	seen := map[float64]bool{}
	for _, v := range m {
		if !seen[v] {
			seen[v] = true
			ticks = append(ticks, plot.Tick{Value: v, Label: number(v)})
		}
	}
	return ticks
}

// powers are ticks at powers of ten.
type powers struct{}

// Ticks implements plot.Ticker.
func (powers) Ticks(low, high float64) (ticks []plot.Tick) {
	for e := math.Floor(math.Log10(low)); e <= math.Ceil(math.Log10(high)); e++ {
		if v := math.Pow(10, e); v >= low && v <= high*1.001 {
			ticks = append(ticks, plot.Tick{Value: v, Label: number(v)})
		}
	}
	return ticks
}

func newPlot(title string) *plot.Plot {
	p := plot.New()
	p.BackgroundColor = color.White
	p.Title.Text = title
	p.Title.Padding = vg.Points(8)
	face := font.Font{Typeface: "Liberation", Variant: "Sans"}
	for style, size := range map[*draw.TextStyle]vg.Length{
		&p.Title.TextStyle: 14, &p.X.Label.TextStyle: 11, &p.Y.Label.TextStyle: 11,
		&p.X.Tick.Label: 11, &p.Y.Tick.Label: 11, &p.Legend.TextStyle: 11,
	} {
		style.Font = font.Font{Typeface: face.Typeface, Variant: face.Variant, Size: size}
		style.Color = dark
	}
	for _, axis := range []*plot.Axis{&p.X, &p.Y} {
		axis.LineStyle.Color, axis.Tick.LineStyle.Color = dark, dark
	}
	p.Legend.Padding = vg.Points(2)
	p.Legend.ThumbnailWidth = vg.Points(18)
	return p
}

// save writes the chart. Its text is in a font that machines may not have: the usual ones stand in.
func save(p *plot.Plot, file string, height vg.Length) error {
	canvas := vgsvg.NewWith(vgsvg.UseWH(width, height))
	whole := draw.New(canvas)
	whole.SetColor(color.White) // the margins, too
	whole.Fill(whole.Rectangle.Path())
	// The font that stands in can be wider.
	p.Draw(draw.Crop(whole, vg.Points(20), -vg.Points(24), vg.Points(4), -vg.Points(8)))
	var b bytes.Buffer
	if _, err := canvas.WriteTo(&b); err != nil {
		return err
	}
	text := strings.ReplaceAll(b.String(), "font-family:Liberation Sans;", "font-family:Liberation Sans,Arial,Helvetica,sans-serif;")
	return os.WriteFile(file, []byte(text), 0o644)
}
