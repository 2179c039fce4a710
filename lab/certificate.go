package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"time"
)

// serverCertificate is what the lab serves, and what a client needs to verify it.
type serverCertificate struct {
	pair  tls.Certificate
	trust []byte // PEM a client gives as ca_file
	keys  []byte // PEM of the chain and the private key, for a proxy that poses as the lab
}

// sha256Hex is the fingerprint of the leaf, the form a client pins.
func (c serverCertificate) sha256Hex() string {
	sum := sha256.Sum256(c.pair.Certificate[0])
	return hex.EncodeToString(sum[:])
}

// loadCertificate takes a certificate and key from PEM files; clients trust the whole certificate file.
func loadCertificate(certFile, keyFile string) (serverCertificate, error) {
	cert, err := os.ReadFile(certFile)
	if err != nil {
		return serverCertificate{}, err
	}
	key, err := os.ReadFile(keyFile)
	if err != nil {
		return serverCertificate{}, err
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return serverCertificate{}, fmt.Errorf("%s, %s: %w", certFile, keyFile, err)
	}
	return serverCertificate{pair: pair, trust: certificatesOnly(cert), keys: append(bytes.Clone(cert), key...)}, nil
}

// newCertificate makes a fresh authority and a certificate for the loopback names, as a new vCenter does with its own.
func newCertificate(names ...string) (serverCertificate, error) {
	authorityKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return serverCertificate{}, err
	}
	serverKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return serverCertificate{}, err
	}

	now := time.Now()
	authority := &x509.Certificate{
		SerialNumber:          big.NewInt(now.UnixNano()),
		Subject:               pkix.Name{CommonName: "Lab CA", Organization: []string{"vsphere-gateway lab"}},
		NotBefore:             now.Add(-time.Hour),
		NotAfter:              now.AddDate(1, 0, 0),
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
	authorityDER, err := x509.CreateCertificate(rand.Reader, authority, authority, &authorityKey.PublicKey, authorityKey)
	if err != nil {
		return serverCertificate{}, err
	}
	if authority, err = x509.ParseCertificate(authorityDER); err != nil { // now with its subject key id
		return serverCertificate{}, err
	}

	server := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano() + 1),
		Subject:      pkix.Name{CommonName: "localhost", Organization: []string{"vsphere-gateway lab"}},
		NotBefore:    now.Add(-time.Hour),
		NotAfter:     now.AddDate(1, 0, 0),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames:     []string{"localhost"},
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
	}
	for _, name := range names {
		if ip := net.ParseIP(name); ip != nil {
			server.IPAddresses = append(server.IPAddresses, ip)
		} else if name != "" {
			server.DNSNames = append(server.DNSNames, name)
		}
	}
	serverDER, err := x509.CreateCertificate(rand.Reader, server, authority, &serverKey.PublicKey, authorityKey)
	if err != nil {
		return serverCertificate{}, err
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(serverKey)
	if err != nil {
		return serverCertificate{}, err
	}

	trust := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: authorityDER})
	keys := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: serverDER})
	keys = append(keys, trust...)
	keys = append(keys, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})...)
	pair := tls.Certificate{Certificate: [][]byte{serverDER, authorityDER}, PrivateKey: serverKey}
	return serverCertificate{pair: pair, trust: trust, keys: keys}, nil
}

// certificatesOnly drops private keys from a PEM file, so that a combined file can be trusted without being leaked.
func certificatesOnly(data []byte) []byte {
	var out []byte
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		if block.Type == "CERTIFICATE" {
			out = append(out, pem.EncodeToMemory(block)...)
		}
	}
	return out
}
