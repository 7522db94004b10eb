// Cert-manager runs the controllers of cert-manager that issue from a cluster's own authorities: certificates, their
// requests, self-signed and CA issuers. What talks to the outside (ACME, Vault, Venafi) is not in it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/cert-manager/cert-manager/pkg/controller"
	"github.com/cert-manager/cert-manager/pkg/controller/certificaterequests/approver"
	requestsca "github.com/cert-manager/cert-manager/pkg/controller/certificaterequests/ca"
	requestsselfsigned "github.com/cert-manager/cert-manager/pkg/controller/certificaterequests/selfsigned"
	"github.com/cert-manager/cert-manager/pkg/controller/certificates/issuing"
	"github.com/cert-manager/cert-manager/pkg/controller/certificates/keymanager"
	"github.com/cert-manager/cert-manager/pkg/controller/certificates/readiness"
	"github.com/cert-manager/cert-manager/pkg/controller/certificates/requestmanager"
	"github.com/cert-manager/cert-manager/pkg/controller/certificates/revisionmanager"
	"github.com/cert-manager/cert-manager/pkg/controller/certificates/trigger"
	"github.com/cert-manager/cert-manager/pkg/controller/clusterissuers"
	"github.com/cert-manager/cert-manager/pkg/controller/issuers"
	"github.com/cert-manager/cert-manager/pkg/healthz"
	_ "github.com/cert-manager/cert-manager/pkg/issuer/ca"
	_ "github.com/cert-manager/cert-manager/pkg/issuer/selfsigned"
	"github.com/cert-manager/cert-manager/pkg/logs"
)

// Upstream's defaults.
const (
	workers         = 5
	requestsPerSec  = 20
	requestsBurst   = 50
	shortestBackoff = time.Hour
	longestBackoff  = 32 * time.Hour
	leaseTimeout    = 20 * time.Second
)

// Importing these packages registers them by these names.
var controllers = []string{
	approver.ControllerName,
	requestsca.CRControllerName,
	requestsselfsigned.CRControllerName,
	issuing.ControllerName,
	keymanager.ControllerName,
	readiness.ControllerName,
	requestmanager.ControllerName,
	revisionmanager.ControllerName,
	trigger.ControllerName,
	clusterissuers.ControllerName,
	issuers.ControllerName,
}

func main() {
	metrics := flag.String("metrics-listen-address", ":9402", "where Prometheus metrics are served, under /metrics")
	health := flag.String("healthz-listen-address", ":9403", "where health is served, under /livez")
	namespace := flag.String("cluster-resource-namespace", "cert-manager", "where ClusterIssuers find their Secrets")
	kubeconfig := flag.String("kubeconfig", "", "how to reach the API server; empty: as a pod of the cluster")
	flag.Parse()

	logs.InitLogs()
	stop, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer cancel()
	err := run(logs.NewContext(stop, logs.Log, "cert-manager"), *metrics, *health, controller.ContextOptions{
		Kubeconfig:         *kubeconfig,
		KubernetesAPIQPS:   requestsPerSec,
		KubernetesAPIBurst: requestsBurst,
		IssuerOptions:      controller.IssuerOptions{ClusterResourceNamespace: *namespace},
		CertificateOptions: controller.CertificateOptions{
			CopiedAnnotationPrefixes:                 []string{"*", "-kubectl.kubernetes.io/", "-fluxcd.io/", "-argocd.argoproj.io/"},
			CertificateRequestMinimumBackoffDuration: shortestBackoff,
			CertificateRequestMaximumBackoffDuration: longestBackoff,
		},
	})
	logs.FlushLogs()
	if err != nil {
		fmt.Fprintln(os.Stderr, "cert-manager:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, metricsAddress, healthAddress string, options controller.ContextOptions) error {
	group, ctx := errgroup.WithContext(ctx)
	factory, err := controller.NewContextFactory(ctx, options)
	if err != nil {
		return err
	}
	root, err := factory.Build()
	if err != nil {
		return err
	}
	if err := serve(ctx, group, root, metricsAddress, healthAddress); err != nil {
		return err
	}
	for _, name := range controllers {
		construct, found := controller.Known()[name]
		if !found {
			return fmt.Errorf("no controller is registered as %s", name)
		}
		loop, err := construct(factory)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		group.Go(func() error { return loop.Run(workers, ctx) })
	}
	root.SharedInformerFactory.Start(ctx.Done())
	root.KubeSharedInformerFactory.Start(ctx.Done())
	return group.Wait()
}

func serve(ctx context.Context, group *errgroup.Group, root *controller.Context, metricsAddress, healthAddress string) error {
	listener, err := net.Listen("tcp", metricsAddress)
	if err != nil {
		return err
	}
	root.Metrics.SetupCertificateCollector(root.SharedInformerFactory.Certmanager().V1().Certificates().Lister())
	metrics := root.Metrics.NewServer(listener)
	group.Go(func() error {
		if err := metrics.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
	group.Go(func() error {
		<-ctx.Done()
		return metrics.Close()
	})
	healthListener, err := net.Listen("tcp", healthAddress)
	if err != nil {
		return err
	}
	group.Go(func() error { return healthz.NewServer(leaseTimeout).Start(ctx, healthListener) })
	return nil
}
