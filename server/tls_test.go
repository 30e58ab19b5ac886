package server

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	pb "github.com/bellwether-ts/bellwether/proto/bellwether/v1"
)

// One web configuration file gives both ports TLS and users.
func TestTLSAndUsersOnBothPorts(t *testing.T) {
	dir := t.TempDir()
	trust := &tls.Config{RootCAs: certificate(t, dir)}
	hash, err := bcrypt.GenerateFromPassword([]byte("secret"), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	file := writeFile(t, dir, "web.yml", "tls_server_config: {cert_file: cert.pem, key_file: key.pem}\nbasic_auth_users: {ann: '"+string(hash)+"'}\n")
	s := begin(t, Options{WebConfigFile: file})
	if !s.TLS || !strings.HasPrefix(s.URL(), "https://") {
		t.Errorf("addresses %+v", s.Addresses)
	}
	transport := &http.Transport{TLSClientConfig: trust}
	t.Cleanup(transport.CloseIdleConnections)
	client := &http.Client{Transport: transport}
	visit := func(user, password string) int {
		r, err := http.NewRequest(http.MethodGet, s.URL()+"/v1/groups", nil)
		if err != nil {
			t.Fatal(err)
		}
		if user != "" {
			r.SetBasicAuth(user, password)
		}
		return ask(t, client, r).status
	}
	plain, err := http.Get("http://" + s.HTTP + "/v1/groups")
	if err == nil {
		defer plain.Body.Close()
	}
	if err == nil && plain.StatusCode == http.StatusOK {
		t.Error("HTTP without TLS was answered")
	}
	secure := grpc.WithTransportCredentials(credentials.NewTLS(trust))
	call := func(opts ...grpc.DialOption) codes.Code {
		_, err := pb.NewAlertServiceClient(dial(t, s.GRPC, opts...)).ListGroups(timed(t), &pb.ListGroupsRequest{})
		return status.Code(err)
	}
	for _, c := range []struct {
		user, password string
		http           int
		grpc           codes.Code
	}{
		{"ann", "secret", http.StatusOK, codes.OK},
		{"ann", "guess", http.StatusUnauthorized, codes.Unauthenticated},
		{"bob", "secret", http.StatusUnauthorized, codes.Unauthenticated},
		{"", "", http.StatusUnauthorized, codes.Unauthenticated},
	} {
		if got := visit(c.user, c.password); got != c.http {
			t.Errorf("HTTP as %q with %q: %d, want %d", c.user, c.password, got, c.http)
		}
		if got := call(secure, grpc.WithPerRPCCredentials(userPassword{c.user, c.password})); got != c.grpc {
			t.Errorf("gRPC as %q with %q: %s, want %s", c.user, c.password, got, c.grpc)
		}
	}
	if got := call(grpc.WithTransportCredentials(insecure.NewCredentials())); got != codes.Unavailable {
		t.Errorf("gRPC without TLS: %s", got)
	}
	_, err = pb.NewIngestServiceClient(dial(t, s.GRPC, secure)).GetAccounting(timed(t), &pb.GetAccountingRequest{})
	if status.Code(err) != codes.Unauthenticated || !strings.Contains(err.Error(), "--username") {
		t.Errorf("a refused call says %v", err)
	}
	if err := Run(context.Background(), Options{StoragePath: t.TempDir(), WebConfigFile: writeFile(t, dir, "bad.yml", "tls_server_config: {cert_file: none.pem}\n")}); err == nil || !strings.Contains(err.Error(), "--web.config.file") {
		t.Errorf("a broken web configuration: %v", err)
	}
}

// userPassword sends basic auth with every call.
type userPassword [2]string

func (u userPassword) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	if u[0] == "" {
		return nil, nil
	}
	return map[string]string{"authorization": "Basic " + base64.StdEncoding.EncodeToString([]byte(u[0]+":"+u[1]))}, nil
}

func (userPassword) RequireTransportSecurity() bool { return true }

// certificate writes cert.pem and key.pem of a loopback server, signed by
// itself, and returns who trusts it.
func certificate(t *testing.T, dir string) *x509.CertPool {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	about := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "bellwether test"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, about, about, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	cert := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	writeFile(t, dir, "cert.pem", string(cert))
	writeFile(t, dir, "key.pem", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})))
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(cert)
	return pool
}
