// vsphere-lab is a vCenter (or an ESXi host) for demos and tests: govmomi's simulator with a lively inventory, verified
// TLS, real credentials and a control port. See README.md.
package main

import (
	"crypto/tls"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	_ "github.com/vmware/govmomi/pbm/simulator"
	"github.com/vmware/govmomi/simulator"
	_ "github.com/vmware/govmomi/vapi/simulator"
)

// readyLine is the one line on standard output.
type readyLine struct {
	URL           string  `json:"url"`
	Control       string  `json:"control,omitempty"`
	VMs           int     `json:"vms"`
	Hosts         int     `json:"hosts"`
	PID           int     `json:"pid"`
	CAFile        string  `json:"ca_file,omitempty"`
	SHA256        string  `json:"sha256,omitempty"`
	Username      string  `json:"username"`
	Password      string  `json:"password"`
	CreateSeconds float64 `json:"create_seconds"`
}

func main() {
	debug.SetGCPercent(200) // the inventory is large and stays; collecting it less often leaves the processor to the tests
	o, err := parseOptions(os.Args[1:])
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err == nil {
		err = run(o)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "vsphere-lab:", err)
		os.Exit(1)
	}
}

func run(o options) error {
	stop := make(chan os.Signal, 2)
	signal.Notify(stop, syscall.SIGINT, syscall.SIGTERM)
	if o.exitOnEOF {
		go func() {
			_, _ = io.Copy(io.Discard, os.Stdin)
			stop <- syscall.SIGTERM
		}()
	}

	began := time.Now()
	listener, err := net.Listen("tcp", o.listen) // first, so that a taken port is told before the inventory is built
	if err != nil {
		return err
	}
	o.listen = listener.Addr().String()

	l, err := newLab(o)
	if err != nil {
		return err
	}
	defer l.model.Remove()

	// The simulator opens the port itself.
	_ = listener.Close()
	ready, err := l.serve()
	if err != nil {
		return err
	}
	if o.control != "" {
		if ready.Control, err = l.serveControl(); err != nil {
			return err
		}
	}
	if !o.still {
		go l.move()
	}
	ready.CreateSeconds = float64(time.Since(began).Milliseconds()) / 1000
	if err := json.NewEncoder(os.Stdout).Encode(ready); err != nil {
		return err
	}
	<-stop
	return nil
}

// serve opens the SOAP and REST endpoint and attaches the tags, which exist only there.
func (l *lab) serve() (readyLine, error) {
	service := l.model.Service
	service.RegisterEndpoints = true
	service.Listen = &url.URL{Host: l.options.listen, User: url.UserPassword(l.options.username, l.options.password)}
	service.ServeMux = http.NewServeMux()

	ready := readyLine{PID: os.Getpid(), Username: l.options.username, Password: l.options.password}
	if l.options.tls {
		certificate, err := l.certificate()
		if err != nil {
			return ready, err
		}
		service.TLS = &tls.Config{Certificates: []tls.Certificate{certificate.pair}, MinVersion: tls.VersionTLS12}
		ready.SHA256, ready.CAFile = certificate.sha256Hex(), l.options.certOut
	}

	server := service.NewServer()
	server.Config.Handler = l.traffic.wrap(l.versions(server.Config.Handler), l.faults)
	if err := l.attachTags(server.URL); err != nil {
		return ready, err
	}
	l.traffic.reset()
	address := *server.URL
	address.User = nil
	ready.URL = address.String()
	ready.VMs = len(l.registry.All("VirtualMachine"))
	ready.Hosts = len(l.registry.All("HostSystem"))
	return ready, nil
}

func (l *lab) certificate() (serverCertificate, error) {
	var certificate serverCertificate
	var err error
	if l.options.tlsCert != "" {
		certificate, err = loadCertificate(l.options.tlsCert, l.options.tlsKey)
	} else {
		host, _, _ := net.SplitHostPort(l.options.listen)
		certificate, err = newCertificate(host)
	}
	if err != nil {
		return certificate, err
	}
	if l.options.certOut != "" {
		if err := os.WriteFile(l.options.certOut, certificate.trust, 0o644); err != nil {
			return certificate, err
		}
	}
	if l.options.keyOut != "" {
		if err := os.WriteFile(l.options.keyOut, certificate.keys, 0o600); err != nil {
			return certificate, err
		}
	}
	return certificate, nil
}

// versions serves the list of API versions as a vCenter 8 does; everything else goes on to the simulator.
func (l *lab) versions(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/sdk/vimServiceVersions.xml" {
			next.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/xml")
		fmt.Fprintf(w, `<?xml version="1.0" encoding="UTF-8" ?>
<namespaces version="1.0"><namespace><name>urn:vim25</name><version>%s</version><priorVersions>`, l.model.ServiceContent.About.ApiVersion)
		for _, version := range priorAPIVersions {
			if version != l.model.ServiceContent.About.ApiVersion {
				fmt.Fprintf(w, "<version>%s</version>", version)
			}
		}
		fmt.Fprint(w, "</priorVersions></namespace></namespaces>\n")
	})
}

// lab is one simulated vCenter or ESXi host.
type lab struct {
	options  options
	model    *simulator.Model
	registry *simulator.Registry
	traffic  *traffic
	faults   *faultRules
	sessions *sessions
	tasks    *taskWatch
	sites    []*site

	overrides       *overrides
	counters        map[int32]counter
	maxQueryMetrics atomic.Int64
	identities      sync.Map // guestIdentity by reference of the VM

	originals map[string]original
	creating  sync.Mutex
	created   int // VMs made by POST /change
}
