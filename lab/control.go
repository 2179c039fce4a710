package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"time"

	"github.com/vmware/govmomi/simulator"
)

// serveControl opens the control port: plain HTTP with JSON, on loopback only, because it asks for no password.
func (l *lab) serveControl() (string, error) {
	listener, err := net.Listen("tcp", l.options.control)
	if err != nil {
		return "", err
	}
	if !listener.Addr().(*net.TCPAddr).IP.IsLoopback() {
		_ = listener.Close()
		return "", fmt.Errorf("-ctl %s is not a loopback address", l.options.control)
	}
	mux := http.NewServeMux()
	handle(mux, "GET /stats", func(struct{}) (any, error) {
		stats := l.traffic.snapshot()
		stats.Sessions = len(l.sessionList())
		return stats, nil
	})
	handle(mux, "POST /reset", func(struct{}) (any, error) {
		l.traffic.reset()
		return struct{}{}, nil
	})
	handle(mux, "POST /set", l.set)
	handle(mux, "POST /fault", func(rule faultRule) (any, error) { return l.faults.add(rule) })
	handle(mux, "GET /faults", func(struct{}) (any, error) { return l.faults.list(), nil })
	handle(mux, "DELETE /faults", func(struct{}) (any, error) {
		l.faults.clear()
		return struct{}{}, nil
	})
	handle(mux, "GET /sessions", func(struct{}) (any, error) { return l.sessionList(), nil })
	handle(mux, "POST /sessions/terminate", l.terminateSessions)
	handle(mux, "POST /change", l.change)
	go func() { log.Fatal((&http.Server{Handler: mux, ReadHeaderTimeout: time.Minute}).Serve(listener)) }()
	return "http://" + listener.Addr().String(), nil
}

// handle registers a function from JSON to JSON. An empty body is the zero value; an error is 400 {"error"}.
func handle[T any](mux *http.ServeMux, pattern string, f func(T) (any, error)) {
	mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		var in T
		decoder := json.NewDecoder(r.Body)
		decoder.DisallowUnknownFields()
		err := decoder.Decode(&in)
		if errors.Is(err, io.EOF) {
			err = nil
		}
		var out any
		if err == nil {
			out, err = f(in)
		}
		w.Header().Set("Content-Type", "application/json")
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			out = map[string]string{"error": err.Error()}
		}
		_ = json.NewEncoder(w).Encode(out)
	})
}

// latency is POST /set; what is left out stays as it is. Milliseconds.
type latency struct {
	Delay       *int           `json:"delay"`
	MethodDelay map[string]int `json:"method_delay"`
	Task        *int           `json:"task"`
	// Not a latency: the limit of -max-query-metrics.
	MaxQueryMetrics *int `json:"max_query_metrics"`
}

func (l *lab) set(in latency) (any, error) {
	if in.Task != nil {
		simulator.TaskDelay.Delay = *in.Task
	}
	if in.MaxQueryMetrics != nil {
		l.setMaxQueryMetrics(*in.MaxQueryMetrics)
	}
	l.traffic.setDelay(in.Delay, in.MethodDelay)
	return struct{}{}, nil
}
