// A sender as Filebeat is one: the client library of its Logstash output, pipelined windows, and
// what was not acknowledged sent again on another connection.
//
//	beats_client -to 127.0.0.1:5044 -count 10000 [-window 2048] [-pipeline 2] [-compression 3]
//	             [-ca FILE [-cert FILE -key FILE]]
//
// Events are numbered. Prints "acked FIRST LAST" for each window that was acknowledged, "lost
// connection" each time it sends again, and ends when all are acknowledged; with -count 0 it
// goes on for ever.
package main

import (
	"crypto/tls"
	"crypto/x509"
	"flag"
	"fmt"
	"net"
	"os"
	"time"

	lumber "github.com/elastic/go-lumber/client/v2"
)

var (
	to          = flag.String("to", "", "address and port")
	count       = flag.Int("count", 0, "events; 0: no end")
	window      = flag.Int("window", 2048, "events of a window")
	pipeline    = flag.Int("pipeline", 2, "windows under way")
	compression = flag.Int("compression", 3, "level; 0: none")
	timeout     = flag.Duration("timeout", 30*time.Second, "without a word of the other end")
	pause       = flag.Duration("pause", 0, "between windows")
	caFile      = flag.String("ca", "", "PEM; TLS then")
	certFile    = flag.String("cert", "", "PEM")
	keyFile     = flag.String("key", "", "PEM")
	source      = flag.String("from", "", "address to send from")
)

type window_ struct{ first, n int }

func fail(err error) {
	fmt.Fprintln(os.Stderr, "beats_client:", err)
	os.Exit(1)
}

func tlsConfig() *tls.Config {
	if *caFile == "" {
		return nil
	}
	pem, err := os.ReadFile(*caFile)
	if err != nil {
		fail(err)
	}
	config := &tls.Config{RootCAs: x509.NewCertPool()}
	config.RootCAs.AppendCertsFromPEM(pem)
	if *certFile != "" {
		pair, err := tls.LoadX509KeyPair(*certFile, *keyFile)
		if err != nil {
			fail(err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return config
}

func dialer(config *tls.Config) func(network, address string) (net.Conn, error) {
	plain := &net.Dialer{Timeout: *timeout}
	if *source != "" {
		plain.LocalAddr = &net.TCPAddr{IP: net.ParseIP(*source)}
	}
	if config == nil {
		return plain.Dial
	}
	return func(network, address string) (net.Conn, error) {
		return tls.DialWithDialer(plain, network, address, config)
	}
}

// As Filebeat sends a line of auth.log that it has read.
func event(number int) interface{} {
	return map[string]interface{}{
		"@timestamp": time.Now().UTC().Format("2006-01-02T15:04:05.000Z"),
		"@metadata":  map[string]interface{}{"beat": "filebeat", "type": "_doc", "version": "8.15.0"},
		"message": fmt.Sprintf("Nov 22 01:02:03 web1 sshd[812]: Failed password for invalid user number%09d"+
			" from 192.0.2.9 port 4711 ssh2", number),
		"log": map[string]interface{}{"offset": number * 110,
			"file": map[string]interface{}{"path": "/var/log/auth.log"}},
		"input": map[string]interface{}{"type": "filestream"},
		"host":  map[string]interface{}{"name": "web1"},
		"agent": map[string]interface{}{"type": "filebeat", "name": "web1", "version": "8.15.0"},
		"ecs":   map[string]interface{}{"version": "8.0.0"},
	}
}

func events(of window_) []interface{} {
	made := make([]interface{}, of.n)
	for i := range made {
		made[i] = event(of.first + i)
	}
	return made
}

type result struct {
	of  window_
	err error
}

// Sends what is to be sent again, then new windows, until one fails or there are no more. Gives
// what was not acknowledged.
func send(dial func(network, address string) (net.Conn, error), again []window_, next func() (window_, bool)) []window_ {
	client, err := lumber.AsyncDialWith(dial, *to, *pipeline,
		lumber.CompressionLevel(*compression), lumber.Timeout(*timeout))
	if err != nil {
		return again
	}
	results := make(chan result, *pipeline+2)
	failed, under_way := false, 0
	var open []window_

	await := func() {
		got := <-results
		under_way--
		if got.err == nil {
			fmt.Printf("acked %d %d\n", got.of.first, got.of.first+got.of.n-1)
		} else {
			failed = true
			open = append(open, got.of)
		}
	}
	for !failed {
		var of window_
		if len(again) > 0 {
			of, again = again[0], again[1:]
		} else {
			more := false
			if of, more = next(); !more {
				break
			}
		}
		under_way++
		_ = client.Send(func(_ uint32, err error) { results <- result{of, err} }, events(of))
		for under_way > *pipeline || (under_way > 0 && len(results) > 0) {
			await()
		}
		time.Sleep(*pause)
	}
	for under_way > 0 {
		await()
	}
	_ = client.Close()
	return append(open, again...)
}

func main() {
	flag.Parse()
	dial := dialer(tlsConfig())
	at := 0
	next := func() (window_, bool) {
		n := *window
		if *count > 0 && *count-at < n {
			n = *count - at
		}
		at += n
		return window_{at - n, n}, n > 0
	}
	var again []window_
	for {
		again = send(dial, again, next)
		if len(again) == 0 && at == *count {
			break
		}
		fmt.Println("lost connection")
		time.Sleep(100 * time.Millisecond)
	}
	fmt.Println("all acked", at)
}
