// Simulated-gpu stands in for NVIDIA's device plugin and DCGM exporter on a machine without a GPU, and for the adapter
// that makes DCGM's metrics known to autoscalers, and says so wherever it shows. Towards the kubelet it speaks the
// kubelet's own protocols; behind them is a file of made-up devices.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"syscall"
)

const usage = "usage: simulated-gpu device-plugin|dcgm-exporter|custom-metrics --devices FILE --conditions FILE [FLAGS]"

func main() {
	log.SetFlags(log.LstdFlags | log.Lmicroseconds)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, arguments []string) error {
	if len(arguments) == 0 {
		return fmt.Errorf(usage)
	}
	flags := flag.NewFlagSet("simulated-gpu "+arguments[0], flag.ExitOnError)
	devicesFile := flags.String("devices", "", "file that lists the devices")
	conditionsFile := flags.String("conditions", "", "file that says how they are; while it is missing, all are idle and well")
	kubelet := flags.String("kubelet", "/var/lib/kubelet", "the kubelet's folder")
	listen := flags.String("listen", "", "address and port of the exporter or of the custom metrics API")
	keys := credentialFiles{}
	flags.StringVar(&keys.certificate, "certificate", "", "the custom metrics API's own, towards all it speaks to")
	flags.StringVar(&keys.key, "key", "", "its key")
	flags.StringVar(&keys.clusterAuthority, "cluster-ca", "", "authority of the API server's certificate")
	flags.StringVar(&keys.requestAuthority, "requestheader-client-ca", "", "authority of those who ask on behalf of others")
	apiServer := flags.String("api-server", "", "address of the API server, which knows the labels of pods")
	if err := flags.Parse(arguments[1:]); err != nil {
		return err
	}
	devices, err := readDevices(*devicesFile)
	if err != nil {
		return err
	}
	log.Printf("SIMULATED: no GPU is behind the devices of node %s", devices.Node)
	if arguments[0] == "device-plugin" {
		return runPlugin(ctx, *kubelet+"/device-plugins", devices, *conditionsFile)
	}
	measured, err := openMeasurements(*kubelet+"/pod-resources/kubelet.sock", devices, *conditionsFile)
	if err != nil {
		return err
	}
	switch arguments[0] {
	case "dcgm-exporter":
		return runExporter(ctx, *listen, measured)
	case "custom-metrics":
		return runCustomMetrics(ctx, *listen, *apiServer, keys, measured)
	default:
		return fmt.Errorf(usage)
	}
}
