package main

import (
	"bytes"
	"io"
	"maps"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/vmware/govmomi/vim25/types"
)

// trafficStats is what GET /stats answers.
type trafficStats struct {
	Calls      int            `json:"calls"`
	Method     map[string]int `json:"method"`
	BytesIn    int64          `json:"bytes_in"`
	BytesOut   int64          `json:"bytes_out"`
	CPUSeconds float64        `json:"cpu_seconds"`
	Sessions   int            `json:"sessions"`
	Logins     int            `json:"logins"`
	BadLogins  int            `json:"bad_logins"`
}

// traffic counts calls in front of the simulator and adds latency. Calls are counted when they arrive, so that a
// long poll that is still waiting is seen.
type traffic struct {
	mu          sync.Mutex
	stats       trafficStats
	cpuBase     float64
	delay       time.Duration
	methodDelay map[string]time.Duration
}

func newTraffic(o options) *traffic {
	t := &traffic{stats: trafficStats{Method: map[string]int{}}, methodDelay: map[string]time.Duration{}}
	t.delay = time.Duration(o.delay) * time.Millisecond
	for method, ms := range o.methodDelay {
		t.methodDelay[method] = time.Duration(ms) * time.Millisecond
	}
	return t
}

// soapCall is what the lab reads from a request before the simulator does.
type soapCall struct {
	method, objectType, object string
}

var (
	bodyElement = regexp.MustCompile(`<(?:\w+:)?Body[^>]*>\s*<(?:\w+:)?(\w+)`)
	thisElement = regexp.MustCompile(`<(?:\w+:)?_this\b([^>]*)>([^<]*)<`)
	typeOfThis  = regexp.MustCompile(`\btype="([^"]*)"`)
)

func readCall(body []byte) soapCall {
	head := body[:min(len(body), 4096)]
	var call soapCall
	if m := bodyElement.FindSubmatch(head); m != nil {
		call.method = string(m[1])
	}
	if m := thisElement.FindSubmatch(head); m != nil {
		call.object = string(m[2])
		if kind := typeOfThis.FindSubmatch(m[1]); kind != nil {
			call.objectType = string(kind[1])
		}
	}
	return call
}

// wrap is the outermost handler: count, wait, let the fault rules answer, else the simulator.
func (t *traffic) wrap(next http.Handler, faults *faultRules) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return // the client went away in mid-request; there is nobody to answer
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		counted := &countingWriter{ResponseWriter: w, status: http.StatusOK}

		call := soapCall{method: r.Method + " " + r.URL.Path}
		soap := r.Method == http.MethodPost && strings.HasPrefix(r.URL.Path, "/sdk")
		if soap {
			if read := readCall(body); read.method != "" {
				call = read
			}
		}
		wait := t.arrived(call.method, len(body), soap)
		if wait > 0 {
			select {
			case <-time.After(wait):
			case <-r.Context().Done():
				return
			}
		}
		if !soap || !faults.answer(counted, call) {
			next.ServeHTTP(counted, r)
			if soap && counted.status == http.StatusOK {
				touchChanged(call, body)
			}
		}
		t.answered(call.method, counted)
	})
}

// changedSilently are methods whose effect the simulator tells nobody about.
var changedSilently = map[string]bool{
	"MarkAsTemplate": true, "MarkAsVirtualMachine": true, "setCustomValue": true, "SetCustomValue": true, "SetField": true, "UpdateConfig": true,
}

var entityElement = regexp.MustCompile(`<(?:\w+:)?entity\b[^>]*type="([^"]*)"[^>]*>([^<]*)<`)

// touchChanged makes the collectors look at what such a method has changed.
func touchChanged(call soapCall, body []byte) {
	if !changedSilently[call.method] {
		return
	}
	ref := types.ManagedObjectReference{Type: call.objectType, Value: call.object}
	if m := entityElement.FindSubmatch(body); m != nil {
		ref = types.ManagedObjectReference{Type: string(m[1]), Value: string(m[2])}
	}
	theChanges.touch(ref)
}

func (t *traffic) arrived(method string, bytes int, soap bool) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.stats.Calls++
	t.stats.Method[method]++
	t.stats.BytesIn += int64(bytes)
	if !soap {
		return 0
	}
	return t.delay + t.methodDelay[method]
}

func (t *traffic) answered(method string, w *countingWriter) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.stats.BytesOut += w.bytes
	if method == "Login" {
		if w.status == http.StatusOK {
			t.stats.Logins++
		} else {
			t.stats.BadLogins++
		}
	}
}

// setDelay changes the latency; a nil or absent value stays as it is.
func (t *traffic) setDelay(all *int, method map[string]int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if all != nil {
		t.delay = time.Duration(*all) * time.Millisecond
	}
	for name, ms := range method {
		t.methodDelay[name] = time.Duration(ms) * time.Millisecond
	}
}

func (t *traffic) snapshot() trafficStats {
	t.mu.Lock()
	defer t.mu.Unlock()
	stats := t.stats
	stats.Method = maps.Clone(t.stats.Method)
	stats.CPUSeconds = cpuSeconds() - t.cpuBase
	return stats
}

func (t *traffic) reset() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.stats = trafficStats{Method: map[string]int{}}
	t.cpuBase = cpuSeconds()
}

// countingWriter remembers status and size of an answer.
type countingWriter struct {
	http.ResponseWriter
	status int
	bytes  int64
}

func (w *countingWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

func (w *countingWriter) Write(b []byte) (int, error) {
	n, err := w.ResponseWriter.Write(b)
	w.bytes += int64(n)
	return n, err
}

// cpuSeconds is user plus system time of this process since it began.
func cpuSeconds() float64 {
	var usage syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano()).Seconds()
}
