package main

import (
	"crypto/rand"
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// options are the command line. Names that vcsim has mean what they mean there, except -vm.
type options struct {
	listen, control       string
	tls                   bool
	tlsCert, tlsKey       string
	certOut, keyOut       string
	username, password    string
	exitOnEOF             bool
	esx, still            bool
	datacenters, clusters int
	hosts, standalone     int
	machines              int
	pools, datastores     int
	folders               int
	delay, taskDelay      int
	methodDelay           map[string]int
	maxQueryMetrics       int
}

func parseOptions(arguments []string) (options, error) {
	o := options{methodDelay: map[string]int{}}
	f := flag.NewFlagSet("vsphere-lab", flag.ContinueOnError)
	f.StringVar(&o.listen, "l", "127.0.0.1:8989", "address of the SOAP and REST endpoint; port 0 takes a free one")
	f.StringVar(&o.control, "ctl", "", "loopback address of the control port (README.md); empty = none")
	f.BoolVar(&o.tls, "tls", true, "serve TLS")
	f.StringVar(&o.tlsCert, "tlscert", "", "PEM file of the certificate to serve; without it the lab makes a CA and a certificate")
	f.StringVar(&o.tlsKey, "tlskey", "", "PEM file of its private key")
	f.StringVar(&o.certOut, "cert-out", "", "write the CA certificate that clients should trust to this file")
	f.StringVar(&o.keyOut, "key-out", "", "write certificate chain and private key to this file")
	f.StringVar(&o.username, "username", "", "the one user; empty = administrator@vsphere.local, with -esx root")
	f.StringVar(&o.password, "password", os.Getenv("VSPHERE_LAB_PASSWORD"), "its password; empty = a random one (or $VSPHERE_LAB_PASSWORD)")
	f.BoolVar(&o.exitOnEOF, "exit-on-eof", false, "exit when standard input ends, that is when the parent is gone")
	f.BoolVar(&o.esx, "esx", false, "be one ESXi host instead of a vCenter")
	f.BoolVar(&o.still, "still", false, "no moving quickStats")
	f.IntVar(&o.datacenters, "dc", 1, "datacenters")
	f.IntVar(&o.clusters, "cluster", 2, "clusters per datacenter")
	f.IntVar(&o.hosts, "host", 4, "hosts per cluster")
	f.IntVar(&o.standalone, "standalone-host", 1, "standalone hosts per datacenter")
	f.IntVar(&o.machines, "vm", 60, "VMs in all, templates included, spread over clusters and standalone hosts (vcsim counts per pool)")
	f.IntVar(&o.pools, "pool", 2, "resource pools per cluster, below the root pool")
	f.IntVar(&o.datastores, "ds", 3, "datastores per datacenter")
	f.IntVar(&o.folders, "folder", 0, "how many of the datacenters sit in a folder of their own")
	f.IntVar(&o.delay, "delay", 0, "milliseconds before each SOAP call is served")
	f.IntVar(&o.taskDelay, "task-delay", 0, "milliseconds each task takes")
	f.IntVar(&o.maxQueryMetrics, "max-query-metrics", -1, "metrics that one QueryPerf may ask for (config.vpxd.stats.maxQueryMetrics); -1 = any number")
	f.Func("method-delay", "Method:ms[,Method:ms] on top of -delay", func(text string) error {
		for _, pair := range strings.Split(text, ",") {
			name, ms, _ := strings.Cut(strings.TrimSpace(pair), ":")
			n, err := strconv.Atoi(ms)
			if err != nil {
				return fmt.Errorf("%q is not Method:milliseconds", pair)
			}
			o.methodDelay[name] = n
		}
		return nil
	})
	if err := f.Parse(arguments); err != nil {
		return o, err
	}
	if f.NArg() > 0 {
		return o, fmt.Errorf("unknown argument %q", f.Arg(0))
	}
	if (o.tlsCert == "") != (o.tlsKey == "") {
		return o, fmt.Errorf("-tlscert and -tlskey belong together")
	}
	if o.username == "" {
		o.username = "administrator@vsphere.local"
		if o.esx {
			o.username = "root"
		}
	}
	if o.password == "" {
		o.password = rand.Text()
	}
	if o.datacenters < 1 || o.datastores < 1 || o.machines < 0 {
		return o, fmt.Errorf("-dc and -ds must be at least 1, -vm at least 0")
	}
	if o.clusters*o.hosts+o.standalone < 1 && !o.esx {
		return o, fmt.Errorf("no host: give -cluster and -host, or -standalone-host")
	}
	return o, nil
}
