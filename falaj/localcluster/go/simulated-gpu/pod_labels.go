package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/url"
)

// namesOnly asks for what identifies objects and leaves out what they are.
const namesOnly = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"

// podLabels knows which pods of the node a label selector chooses. The kubelet names holders of devices without their
// labels, so that the API server is asked.
type podLabels struct {
	address, node string
	client        *http.Client
}

// refusal is what the API server answered instead.
type refusal struct {
	code int
	body []byte
}

func newPodLabels(address, node string, own tls.Certificate, authority string) (*podLabels, error) {
	trusted, err := readAuthority(authority)
	if err != nil {
		return nil, err
	}
	transport := &http.Transport{
		TLSClientConfig: &tls.Config{
			Certificates: []tls.Certificate{own},
			RootCAs:      trusted,
			MinVersion:   tls.VersionTLS12,
		},
		ForceAttemptHTTP2: true,
	}
	return &podLabels{address, node, &http.Client{Transport: transport, Timeout: answerTime}}, nil
}

// chosen lists the names of the node's pods in a namespace that the selector chooses, as they sort.
func (p *podLabels) chosen(ctx context.Context, namespace, selector string) ([]string, *refusal) {
	query := url.Values{"fieldSelector": {"spec.nodeName=" + p.node}, "labelSelector": {selector}}
	address := fmt.Sprintf("%s/api/v1/namespaces/%s/pods?%s", p.address, url.PathEscape(namespace), query.Encode())
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, unanswered(err)
	}
	request.Header.Set("Accept", namesOnly)
	answer, err := p.client.Do(request)
	if err != nil {
		return nil, unanswered(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return nil, unanswered(err)
	}
	if answer.StatusCode != http.StatusOK {
		return nil, &refusal{answer.StatusCode, body}
	}
	found := struct {
		Items []struct {
			Metadata struct {
				Name string `json:"name"`
			} `json:"metadata"`
		} `json:"items"`
	}{}
	if err := json.Unmarshal(body, &found); err != nil {
		return nil, unanswered(err)
	}
	names := make([]string, 0, len(found.Items))
	for _, pod := range found.Items {
		names = append(names, pod.Metadata.Name)
	}
	return names, nil
}

func unanswered(err error) *refusal {
	log.Printf("the API server does not say which pods there are: %v", err)
	return &refusal{code: http.StatusServiceUnavailable}
}

// handOn tells whoever asked what the API server said; where it said nothing, that.
func (r *refusal) handOn(answer http.ResponseWriter) {
	if r.body == nil {
		refuse(answer, r.code, "ServiceUnavailable", "the API server does not say which pods there are")
		return
	}
	answer.Header().Set("Content-Type", "application/json")
	answer.WriteHeader(r.code)
	answer.Write(r.body)
}
