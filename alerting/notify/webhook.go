package notify

// This file is the webhook: a POST of JSON to a URL.

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/bellwether-ts/bellwether/alerting"
	"github.com/cenkalti/backoff/v5"
	"github.com/prometheus/common/config"
)

// WebhookConfig configures a webhook receiver.
type WebhookConfig struct {
	URL string
	// HTTP holds TLS, proxy, basic or bearer authentication, in the form
	// Prometheus users know. nil: the defaults of prometheus/common/config.
	HTTP *config.HTTPClientConfig
	// CloudEvents adds the ce-* headers of CloudEvents 1.0 in binary mode.
	CloudEvents bool
	// Source is the ce-source; default "bellwether".
	Source string
}

// WebhookBody is the JSON a webhook receives. Fields may be added; none is
// removed or changes its meaning within a schema version.
//
// Its headers: Content-Type application/json; Idempotency-Key, the same for
// every try of the same content (the notification's id, or for a digest a hash
// of the ids in order): a receiver that has seen a key must do nothing.
//
// Any 2xx answer is success. 408, 425, 429 and 5xx are tried again, after
// Retry-After where given; every other answer is final.
type WebhookBody struct {
	SchemaVersion int                     `json:"schema_version"` // 1.
	Key           string                  `json:"idempotency_key"`
	Digest        bool                    `json:"digest"` // More than one notification, because of the rate limit.
	Notifications []alerting.Notification `json:"notifications"`
}

type webhook struct {
	cfg    WebhookConfig
	client *http.Client
}

// NewWebhook returns a receiver that posts a WebhookBody to the URL. It does
// one try per call; put Retry around it.
func NewWebhook(cfg WebhookConfig) (Receiver, error) {
	u, err := url.Parse(cfg.URL)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("cannot make webhook for %q: it is not an http or https URL", cfg.URL)
	}
	hc := config.DefaultHTTPClientConfig
	if cfg.HTTP != nil {
		hc = *cfg.HTTP
	}
	client, err := config.NewClientFromConfig(hc, "webhook")
	if err != nil {
		return nil, fmt.Errorf("cannot make webhook for %q: %w", u.Redacted(), err)
	}
	if cfg.Source == "" {
		cfg.Source = "bellwether"
	}
	return &webhook{cfg, client}, nil
}

// Notify posts the notifications.
func (w *webhook) Notify(ctx context.Context, ns ...alerting.Notification) error {
	if len(ns) == 0 {
		return nil
	}
	key := Key(ns)
	body, err := json.Marshal(WebhookBody{SchemaVersion: 1, Key: key, Digest: len(ns) > 1, Notifications: ns})
	if err != nil {
		return Permanent(fmt.Errorf("cannot write webhook body: %w", err))
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.cfg.URL, bytes.NewReader(body))
	if err != nil {
		return Permanent(fmt.Errorf("cannot make webhook request: %w", err))
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "bellwether")
	req.Header.Set("Idempotency-Key", key)
	if w.cfg.CloudEvents {
		cloudEvent(req.Header, w.cfg.Source, key, ns)
	}
	resp, err := w.client.Do(req)
	if err != nil {
		return withoutSecrets(err)
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(io.LimitReader(resp.Body, 512))
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10)) // So the connection can be used again.
	return answer(resp, text)
}

// cloudEvent sets the attributes of CloudEvents 1.0, HTTP binary mode.
func cloudEvent(h http.Header, source, key string, ns []alerting.Notification) {
	kind, subject := string(ns[0].Kind), ns[0].Group
	if len(ns) > 1 {
		kind, subject = "digest", ""
	}
	h.Set("ce-specversion", "1.0")
	h.Set("ce-id", key)
	h.Set("ce-source", source)
	h.Set("ce-type", "dev.bellwether.alert.v1."+kind)
	h.Set("ce-time", time.UnixMilli(ns[0].At).UTC().Format(time.RFC3339Nano))
	if subject != "" {
		h.Set("ce-subject", subject)
	}
}

// answer turns an HTTP answer into an outcome.
func answer(resp *http.Response, text []byte) error {
	code := resp.StatusCode
	if code/100 == 2 {
		return nil
	}
	err := fmt.Errorf("the webhook answered %s: %q", resp.Status, text)
	switch {
	case code == http.StatusRequestTimeout, code == http.StatusTooEarly, code == http.StatusTooManyRequests, code >= 500:
		if s, perr := strconv.Atoi(resp.Header.Get("Retry-After")); perr == nil && s > 0 && s <= 3600 {
			return errors.Join(err, backoff.RetryAfter(s))
		}
		return err
	}
	return Permanent(err)
}

// withoutSecrets drops the URL from a client error: its path or query often is
// the secret of a webhook.
func withoutSecrets(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return fmt.Errorf("cannot post to the webhook: %w", u.Err)
	}
	return err
}
