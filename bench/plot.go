package main

import (
	"fmt"
	"html"
	"math"
	"strings"
)

// The dimensions of a plot, in pixels.
const (
	plotWidth, barHeight   = 720, 22
	labelWidth, valueWidth = 160, 90
	curveHeight            = 260
)

// plots returns drawings by name: bars of the CPU per event and of the memory per stream, and curves of the
// distributions of times.
func (r *report) plots() map[string]string {
	drawings := make(map[string]string)
	for _, s := range scenarios() {
		for _, measure := range []struct{ value, title string }{
			{relayPart + "_us_per_event", "CPU of the relay per event, µs"},
			{relayPart + "_kib_per_stream", "memory of the relay per stream, KiB"},
		} {
			if bars := r.bars(s.name, measure.value); len(bars) > 0 {
				drawings[s.name+"-"+measure.value] = drawBars(s.about+": "+measure.title, bars)
			}
		}
		for _, measure := range []struct {
			name, title string
		}{
			{firstEvent, "time to the first event, ms"},
			{ttft, "time to the first token, ms"},
			{itl, "inter-token latency, ms"},
			{late, "lateness, ms"},
			{answered, "time of a whole answer, ms"},
			{live, "time to the next event, ms"},
		} {
			if curves := r.curves(s.name, measure.name); len(curves) > 0 {
				drawings[s.name+"-"+strings.ReplaceAll(measure.name, "_", "-")] = drawCurves(s.about+": "+measure.title, curves)
			}
		}
	}
	return drawings
}

type bar struct {
	name  string
	value float64
}

func (r *report) bars(scenario, value string) []bar {
	var bars []bar
	for _, one := range r.Results {
		if v, ok := one.median()[value]; ok && one.Scenario == scenario {
			bars = append(bars, bar{one.Contender, v})
		}
	}
	return bars
}

func drawBars(title string, bars []bar) string {
	most := 0.0
	for _, b := range bars {
		most = math.Max(most, b.value)
	}
	if most == 0 {
		most = 1
	}
	var out strings.Builder
	begin(&out, title, 40+len(bars)*(barHeight+6))
	for i, b := range bars {
		y := 34 + i*(barHeight+6)
		width := b.value / most * (plotWidth - labelWidth - valueWidth)
		fmt.Fprintf(&out, `<text x="%d" y="%d" text-anchor="end">%s</text>`, labelWidth-8, y+16, html.EscapeString(b.name))
		fmt.Fprintf(&out, `<rect x="%d" y="%d" width="%.1f" height="%d" fill="%s"/>`, labelWidth, y, math.Max(1, width), barHeight, colour(b.name, i))
		fmt.Fprintf(&out, `<text x="%.1f" y="%d">%s</text>`+"\n", float64(labelWidth)+width+6, y+16, number(b.value))
	}
	out.WriteString("</svg>\n")
	return out.String()
}

type curve struct {
	name        string
	percentiles []float64
}

func (r *report) curves(scenario, name string) []curve {
	var curves []curve
	for _, one := range r.Results {
		if one.Scenario != scenario {
			continue
		}
		if p := one.Rounds[len(one.Rounds)-1].Times[name]; len(p) > 0 {
			curves = append(curves, curve{one.Contender, p})
		}
	}
	return curves
}

// drawCurves draws percentiles 0 to 99 over a logarithmic scale of time.
func drawCurves(title string, curves []curve) string {
	const shown = 99
	low, high := math.Inf(1), 0.1
	for _, c := range curves {
		high = math.Max(high, c.percentiles[shown])
		low = math.Min(low, math.Max(0.01, c.percentiles[1]))
	}
	from, to := math.Floor(math.Log10(low)), math.Ceil(math.Log10(high))
	if to <= from {
		to = from + 1
	}
	x := func(percent int) float64 {
		return 60 + float64(percent)/shown*(plotWidth-60-labelWidth)
	}
	y := func(ms float64) float64 {
		at := (math.Log10(math.Max(ms, math.Pow(10, from))) - from) / (to - from)
		return 40 + (1-at)*curveHeight
	}
	var out strings.Builder
	begin(&out, title, curveHeight+80)
	for decade := from; decade <= to; decade++ {
		ms := math.Pow(10, decade)
		fmt.Fprintf(&out, `<line x1="60" x2="%d" y1="%.1f" y2="%.1f" stroke="#ddd"/><text x="54" y="%.1f" text-anchor="end">%g</text>`+"\n", plotWidth-labelWidth, y(ms), y(ms), y(ms)+4, ms)
	}
	for _, percent := range []int{0, 25, 50, 75, 90, 99} {
		fmt.Fprintf(&out, `<text x="%.1f" y="%d" text-anchor="middle">%d%%</text>`, x(percent), curveHeight+60, percent)
	}
	for i, c := range curves {
		fmt.Fprintf(&out, `<polyline fill="none" stroke-width="2" stroke="%s" points="`, colour(c.name, i))
		for percent := 0; percent <= shown; percent++ {
			fmt.Fprintf(&out, "%.1f,%.1f ", x(percent), y(c.percentiles[percent]))
		}
		fmt.Fprintf(&out, `"/><text x="%d" y="%d" fill="%s">%s</text>`+"\n", plotWidth-labelWidth+10, 50+i*18, colour(c.name, i), html.EscapeString(c.name))
	}
	out.WriteString("</svg>\n")
	return out.String()
}

func begin(out *strings.Builder, title string, height int) {
	fmt.Fprintf(out, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" font-family="sans-serif" font-size="13">`, plotWidth, height)
	fmt.Fprintf(out, `<rect width="100%%" height="100%%" fill="white"/><text x="8" y="20" font-weight="bold">%s</text>`+"\n", html.EscapeString(title))
}

// colour returns one colour for all of ours, and different ones for the others.
func colour(name string, i int) string {
	if strings.HasPrefix(name, "pawstream") {
		return "#c2410c"
	}
	others := []string{"#1d4ed8", "#15803d", "#7e22ce", "#0e7490", "#a16207", "#be185d", "#475569", "#4d7c0f"}
	return others[i%len(others)]
}
