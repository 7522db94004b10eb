package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"math"
	"net/http"
	"os"
	"slices"
	"strconv"
	"time"
)

const (
	groupVersion = "custom.metrics.k8s.io/v1beta2"
	apiRoot      = "/apis/" + groupVersion
	allPods      = "*"
	// frontProxy is the name in the certificate with which the API server hands on what others ask it.
	frontProxy = "front-proxy-client"
)

// credentialFiles are PEM files: who the custom metrics API is, and whom it trusts.
type credentialFiles struct{ certificate, key, clusterAuthority, requestAuthority string }

// customMetrics is the part of Kubernetes' custom metrics API that an autoscaler needs for metrics of pods.
type customMetrics struct {
	measured *measurements
	pods     *podLabels
	trusted  *x509.CertPool
}

type metricValueList struct {
	Kind       string        `json:"kind"`
	APIVersion string        `json:"apiVersion"`
	Metadata   struct{}      `json:"metadata"`
	Items      []metricValue `json:"items"`
}

type metricValue struct {
	DescribedObject objectReference  `json:"describedObject"`
	Metric          metricIdentifier `json:"metric"`
	Timestamp       string           `json:"timestamp"`
	Value           string           `json:"value"`
}

type objectReference struct {
	Kind       string `json:"kind"`
	Namespace  string `json:"namespace"`
	Name       string `json:"name"`
	APIVersion string `json:"apiVersion"`
}

type metricIdentifier struct {
	Name     string    `json:"name"`
	Selector *struct{} `json:"selector"`
}

// runCustomMetrics answers the API server until the context ends.
func runCustomMetrics(
	ctx context.Context, listen, apiServer string, files credentialFiles, measured *measurements,
) error {
	own, err := tls.LoadX509KeyPair(files.certificate, files.key)
	if err != nil {
		return err
	}
	trusted, err := readAuthority(files.requestAuthority)
	if err != nil {
		return err
	}
	pods, err := newPodLabels(apiServer, measured.devices.Node, own, files.clusterAuthority)
	if err != nil {
		return err
	}
	served := &customMetrics{measured, pods, trusted}
	server := &http.Server{
		Addr:              listen,
		Handler:           served.handler(),
		ReadHeaderTimeout: answerTime,
		TLSConfig: &tls.Config{
			Certificates: []tls.Certificate{own},
			MinVersion:   tls.VersionTLS12,
			// Looked at in the handler: who has another one or none is told so in an answer, as Kubernetes does.
			ClientAuth: tls.RequestClientCert,
			ClientCAs:  trusted,
		},
	}
	context.AfterFunc(ctx, func() { server.Close() })
	log.Printf("SIMULATED: custom metrics on %s", listen)
	if err := server.ListenAndServeTLS("", ""); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func readAuthority(file string) (*x509.CertPool, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(content) {
		return nil, fmt.Errorf("%s holds no certificate", file)
	}
	return pool, nil
}

func (c *customMetrics) handler() http.Handler {
	routes := http.NewServeMux()
	routes.HandleFunc("GET "+apiRoot, discover)
	routes.HandleFunc("GET /openapi/v2", describe)
	routes.HandleFunc("GET "+apiRoot+"/namespaces/{namespace}/pods/{pod}/{metric}", c.read)
	routes.HandleFunc("/", func(answer http.ResponseWriter, request *http.Request) {
		refuse(answer, http.StatusNotFound, "NotFound", "the server could not find the requested resource")
	})
	return http.HandlerFunc(func(answer http.ResponseWriter, request *http.Request) {
		if !c.isFrontProxy(request) {
			refuse(answer, http.StatusUnauthorized, "Unauthorized", "only the API server may ask, for those whom it let in")
			return
		}
		routes.ServeHTTP(answer, request)
	})
}

// isFrontProxy says whether the API server asks. Who asked it, and whether RBAC lets them, it has settled before.
func (c *customMetrics) isFrontProxy(request *http.Request) bool {
	if len(request.TLS.PeerCertificates) == 0 || request.Header.Get("X-Remote-User") == "" {
		return false
	}
	shown := request.TLS.PeerCertificates[0]
	asClient := x509.VerifyOptions{Roots: c.trusted, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}
	_, err := shown.Verify(asClient)
	return err == nil && shown.Subject.CommonName == frontProxy
}

func discover(answer http.ResponseWriter, _ *http.Request) {
	resources := make([]map[string]any, 0, len(fields))
	for _, field := range fields {
		resources = append(resources, map[string]any{
			"name":         "pods/" + field.name,
			"singularName": "",
			"namespaced":   true,
			"kind":         "MetricValueList",
			"verbs":        []string{"get"},
		})
	}
	write(answer, http.StatusOK, map[string]any{
		"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": groupVersion, "resources": resources,
	})
}

// describe says that nothing is described: the API server asks each minute, and complains where nobody answers.
func describe(answer http.ResponseWriter, _ *http.Request) {
	title := map[string]string{"title": "SIMULATED metrics of GPUs", "version": "v1beta2"}
	write(answer, http.StatusOK, map[string]any{"swagger": "2.0", "info": title, "paths": struct{}{}})
}

// read answers with the metric of one pod, or of all pods that the label selector chooses and that hold a device.
func (c *customMetrics) read(answer http.ResponseWriter, request *http.Request) {
	namespace, pod, name := request.PathValue("namespace"), request.PathValue("pod"), request.PathValue("metric")
	position := slices.IndexFunc(fields, func(known field) bool { return known.name == name })
	if position < 0 {
		refuse(answer, http.StatusNotFound, "NotFound", "the server could not find the metric "+name+" for pods")
		return
	}
	if request.URL.Query().Get("metricLabelSelector") != "" {
		reason := "labels of metrics are not told apart: leave out metricLabelSelector"
		refuse(answer, http.StatusBadRequest, "BadRequest", reason)
		return
	}
	samples, err := c.measured.now(request.Context())
	if err != nil {
		refuse(answer, http.StatusServiceUnavailable, "ServiceUnavailable", err.Error())
		return
	}
	values := means(samples, fields[position], namespace)
	chosen := []string{pod}
	if pod == allPods {
		var refused *refusal
		chosen, refused = c.pods.chosen(request.Context(), namespace, request.URL.Query().Get("labelSelector"))
		if refused != nil {
			refused.handOn(answer)
			return
		}
	} else if _, told := values[pod]; !told {
		refuse(answer, http.StatusNotFound, "NotFound", "the server could not find the metric "+name+" for pods "+pod)
		return
	}
	answer.Header().Set("Warning", `299 - "SIMULATED: no GPU is behind these values"`)
	write(answer, http.StatusOK, listed(values, chosen, namespace, name))
}

// means is one value for each pod of the namespace that holds devices the metric suits: the mean over them.
func means(samples []sample, metric field, namespace string) map[string]float64 {
	sums, counts := map[string]float64{}, map[string]float64{}
	for _, sample := range samples {
		if sample.holder == nil || sample.holder.namespace != namespace {
			continue
		}
		if value, suits := metric.value(sample); suits {
			sums[sample.holder.pod] += value
			counts[sample.holder.pod]++
		}
	}
	for pod := range sums {
		sums[pod] /= counts[pod]
	}
	return sums
}

func listed(values map[string]float64, chosen []string, namespace, metric string) metricValueList {
	now := time.Now().UTC().Format(time.RFC3339)
	items := []metricValue{}
	for _, pod := range chosen {
		if value, told := values[pod]; told {
			described := objectReference{"Pod", namespace, pod, "v1"}
			items = append(items, metricValue{described, metricIdentifier{Name: metric}, now, quantity(value)})
		}
	}
	return metricValueList{Kind: "MetricValueList", APIVersion: groupVersion, Items: items}
}

// quantity writes a number as Kubernetes does: whole, or in thousandths.
func quantity(value float64) string {
	thousandths := int64(math.Round(value * 1000))
	if thousandths%1000 == 0 {
		return strconv.FormatInt(thousandths/1000, 10)
	}
	return strconv.FormatInt(thousandths, 10) + "m"
}

// refuse answers as every part of the Kubernetes API does.
func refuse(answer http.ResponseWriter, code int, reason, message string) {
	write(answer, code, map[string]any{
		"kind":       "Status",
		"apiVersion": "v1",
		"metadata":   struct{}{},
		"status":     "Failure",
		"message":    message,
		"reason":     reason,
		"code":       code,
	})
}

func write(answer http.ResponseWriter, code int, content any) {
	answer.Header().Set("Content-Type", "application/json")
	answer.WriteHeader(code)
	if err := json.NewEncoder(answer).Encode(content); err != nil {
		log.Printf("an answer was cut off: %v", err)
	}
}
