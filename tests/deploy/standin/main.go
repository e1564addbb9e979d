// Stand-ins for images that a test machine without a registry cannot have. One static program, named by how it is called:
// n8n, qdrant and portainer answer only what a health check and `jett deploy check` ask; socket-proxy filters as
// wollomatic/socket-proxy does (same flags, Go's own regular expressions and HTTP server), written from its README.
package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httputil"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

func main() {
	switch filepath.Base(os.Args[0]) {
	case "n8n":
		token := read("/home/node/.n8n/token")
		log.Fatal(http.ListenAndServe(":5678", answers(map[string]int{
			"GET /healthz/readiness": 200, "GET /rest/workflows": 401,
		}, func(r *http.Request) int {
			if r.Method != "POST" || r.URL.Path != "/webhook/jett-probe" {
				return 404
			}
			if r.Header.Get("X-Jett-Token") != token {
				return 403
			}
			return 200
		})))
	case "qdrant":
		log.Fatal(http.ListenAndServe(":6333", qdrant(read("/qdrant/config/local.yaml"))))
	case "portainer":
		read("/run/secrets/portainer_password")
		server := http.Server{Addr: ":9443", TLSConfig: selfSigned(), Handler: answers(map[string]int{
			"GET /api/system/status": 200, "GET /api/endpoints": 401,
		}, func(*http.Request) int { return 404 })}
		log.Fatal(server.ListenAndServeTLS("", ""))
	case "healthcheck":
		response, err := http.Get("http://127.0.0.1:55555/health")
		if err != nil || response.StatusCode != 200 {
			os.Exit(1)
		}
	default:
		proxy(os.Args[1:])
	}
}

// One collection, whose snapshot is the file `memory`; paths and answers as in Qdrant's API reference, "Snapshots".
func qdrant(key string) http.Handler {
	const snapshots = "/collections/memory/snapshots"
	mux := http.NewServeMux()
	mux.HandleFunc("GET /collections", say(`{"result":{"collections":[{"name":"memory"}]}}`))
	mux.HandleFunc("POST "+snapshots, say(`{"result":{"name":"now.snapshot"}}`))
	mux.HandleFunc("GET "+snapshots+"/now.snapshot", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFile(w, r, "/qdrant/storage/memory")
	})
	mux.HandleFunc("DELETE "+snapshots+"/now.snapshot", say(`{"result":true}`))
	mux.HandleFunc("POST "+snapshots+"/upload", func(w http.ResponseWriter, r *http.Request) {
		file, _, err := r.FormFile("snapshot")
		if err != nil {
			w.WriteHeader(400)
			return
		}
		content, _ := io.ReadAll(file)
		if os.WriteFile("/qdrant/storage/memory", content, 0o600) != nil {
			w.WriteHeader(500)
		}
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		given := r.Header.Get("api-key")
		switch {
		case r.URL.Path == "/readyz":
		case given == "" || !strings.Contains(key, `"`+given+`"`):
			w.WriteHeader(401)
		default:
			mux.ServeHTTP(w, r)
		}
	})
}

func say(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, text) }
}

func answers(known map[string]int, otherwise func(*http.Request) int) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		status, ok := known[r.Method+" "+r.URL.Path]
		if !ok {
			status = otherwise(r)
		}
		w.WriteHeader(status)
	})
}

func proxy(arguments []string) {
	allowed := map[string][]*regexp.Regexp{}
	from, socket, listen, port := "127.0.0.1/32", "/var/run/docker.sock", "0.0.0.0", "2375"
	for _, argument := range arguments {
		name, value, _ := strings.Cut(strings.TrimLeft(argument, "-"), "=")
		switch {
		case name == "allowfrom":
			from = value
		case name == "socketpath":
			socket = value
		case name == "listenip":
			listen = value
		case name == "proxyport":
			port = value
		case name == "allowhealthcheck":
			go http.ListenAndServe("127.0.0.1:55555", answers(map[string]int{"GET /health": 200}, func(*http.Request) int { return 404 }))
		case strings.HasPrefix(name, "allow"):
			method := strings.TrimPrefix(name, "allow")
			allowed[method] = append(allowed[method], regexp.MustCompile("^"+value+"$"))
		}
	}
	engine := &httputil.ReverseProxy{
		Director: func(r *http.Request) { r.URL.Scheme, r.URL.Host = "http", "docker" },
		Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", socket)
		}},
		FlushInterval: -1,
	}
	listener, err := net.Listen("tcp", net.JoinHostPort(listen, port))
	if err != nil {
		log.Fatal(err)
	}
	log.Print("listening on ", listener.Addr())
	log.Fatal(http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		patterns, ok := allowed[r.Method]
		switch {
		case !mayKnock(from, r.RemoteAddr):
			log.Print("blocked by address ", r.RemoteAddr)
			w.WriteHeader(403)
		case !ok:
			w.WriteHeader(405)
		case !anyMatches(patterns, r.URL.Path):
			w.WriteHeader(403)
		default:
			engine.ServeHTTP(w, r)
		}
	})))
}

func anyMatches(patterns []*regexp.Regexp, path string) bool {
	for _, pattern := range patterns {
		if pattern.MatchString(path) {
			return true
		}
	}
	return false
}

func mayKnock(from, remote string) bool {
	host, _, _ := net.SplitHostPort(remote)
	client := net.ParseIP(host)
	if _, network, err := net.ParseCIDR(from); err == nil {
		return network.Contains(client)
	}
	found, _ := net.LookupIP(from)
	for _, one := range found {
		if one.Equal(client) {
			return true
		}
	}
	return false
}

func read(path string) string {
	content, err := os.ReadFile(path)
	if err != nil {
		log.Fatal(err)
	}
	return strings.TrimSpace(string(content))
}

func selfSigned() *tls.Config {
	key, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	made, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		log.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{made}, PrivateKey: key}}}
}
