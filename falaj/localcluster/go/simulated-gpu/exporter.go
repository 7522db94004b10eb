package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"slices"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	api "k8s.io/kubelet/pkg/apis/podresources/v1"
)

const (
	coolest = 30 // degrees Celsius of an idle device
	warming = 45 // more, of one that is wholly busy
)

// holder is a container that holds a device.
type holder struct{ namespace, pod, container string }

// sample is one device, or one slice of it, at one moment.
type sample struct {
	gpu       *GPU
	instance  *Instance
	holder    *holder
	condition Condition
	memory    int
}

// field is one metric. Names and meanings are those of DCGM exporter; a field is left out of samples it does not suit.
type field struct {
	name, help string
	value      func(sample) (float64, bool)
}

// MIG slices have memory and a share of the engine; heat, power and errors are the card's; utilisation in the old sense
// is nobody's. Source: https://docs.nvidia.com/datacenter/dcgm/latest/dcgm-api/dcgm-api-field-ids.html
var fields = []field{
	{"DCGM_FI_DEV_GPU_UTIL", "GPU utilization (in %).", ofWhole(func(s sample) float64 {
		return float64(s.condition.Utilisation)
	})},
	{"DCGM_FI_PROF_GR_ENGINE_ACTIVE", "Ratio of time the graphics engine is active.", ofPart(func(s sample) float64 {
		return float64(s.condition.Utilisation) / 100
	})},
	{"DCGM_FI_DEV_FB_USED", "Framebuffer memory used (in MiB).", ofPart(func(s sample) float64 {
		return float64(s.condition.MemoryUsedMiB)
	})},
	{"DCGM_FI_DEV_FB_FREE", "Framebuffer memory free (in MiB).", ofPart(func(s sample) float64 {
		return float64(s.memory - s.condition.MemoryUsedMiB)
	})},
	{"DCGM_FI_DEV_GPU_TEMP", "GPU temperature (in C).", ofCard(func(s sample) float64 {
		return coolest + warming*float64(s.condition.Utilisation)/100
	})},
	{"DCGM_FI_DEV_POWER_USAGE", "Power draw (in W).", ofCard(func(s sample) float64 {
		return s.gpu.IdleWatts + (s.gpu.LimitWatts-s.gpu.IdleWatts)*float64(s.condition.Utilisation)/100
	})},
	{"DCGM_FI_DEV_XID_ERRORS", "Value of the last XID error encountered.", ofCard(func(s sample) float64 {
		return float64(s.condition.XID)
	})},
}

func ofWhole(value func(sample) float64) func(sample) (float64, bool) {
	return func(s sample) (float64, bool) { return value(s), len(s.gpu.Instances) == 0 }
}

func ofPart(value func(sample) float64) func(sample) (float64, bool) {
	return func(s sample) (float64, bool) { return value(s), s.instance != nil || len(s.gpu.Instances) == 0 }
}

func ofCard(value func(sample) float64) func(sample) (float64, bool) {
	return func(s sample) (float64, bool) { return value(s), s.instance == nil }
}

// measurements is where samples come from: the kubelet says who holds what, a file how the devices are.
type measurements struct {
	devices        *Devices
	conditionsFile string
	pods           api.PodResourcesListerClient
}

// now is every device as it is at this moment.
func (m *measurements) now(ctx context.Context) ([]sample, error) {
	held, err := holders(ctx, m.pods)
	if err != nil {
		return nil, fmt.Errorf("the kubelet does not say which pod holds which device: %w", err)
	}
	conditions, err := readConditions(m.conditionsFile)
	if err != nil {
		return nil, err
	}
	return observe(m.devices, conditions, held), nil
}

// openMeasurements connects to the kubelet as soon as somebody asks for something.
func openMeasurements(socket string, devices *Devices, conditionsFile string) (*measurements, error) {
	connection, err := grpc.NewClient("unix:"+socket, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return nil, err
	}
	return &measurements{devices, conditionsFile, api.NewPodResourcesListerClient(connection)}, nil
}

// runExporter answers /metrics, and / with a page that draws them, until the context ends.
func runExporter(ctx context.Context, listen string, measured *measurements) error {
	routes := http.NewServeMux()
	routes.HandleFunc("GET /{$}", servePage)
	routes.HandleFunc("GET /health", func(http.ResponseWriter, *http.Request) {})
	routes.HandleFunc("GET /metrics", func(answer http.ResponseWriter, request *http.Request) {
		samples, err := measured.now(request.Context())
		if err != nil {
			http.Error(answer, err.Error(), http.StatusServiceUnavailable)
			return
		}
		answer.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
		answer.Write(render(measured.devices.Node, samples))
	})
	server := &http.Server{Addr: listen, Handler: routes, ReadHeaderTimeout: answerTime}
	context.AfterFunc(ctx, func() { server.Close() })
	log.Printf("SIMULATED: metrics on %s", listen)
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// holders asks the kubelet which containers hold which device, by its UUID.
func holders(ctx context.Context, pods api.PodResourcesListerClient) (map[string][]holder, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	answer, err := pods.List(ctx, &api.ListPodResourcesRequest{})
	if err != nil {
		return nil, err
	}
	held := map[string][]holder{}
	for _, pod := range answer.PodResources {
		for _, container := range pod.Containers {
			for _, resource := range container.Devices {
				for _, unit := range resource.DeviceIds {
					uuid := deviceOf(unit)
					held[uuid] = append(held[uuid], holder{pod.Namespace, pod.Name, container.Name})
				}
			}
		}
	}
	for _, sharers := range held {
		slices.SortFunc(sharers, func(a, b holder) int {
			return cmp.Or(
				cmp.Compare(a.namespace, b.namespace),
				cmp.Compare(a.pod, b.pod),
				cmp.Compare(a.container, b.container),
			)
		})
	}
	return held, nil
}

func render(node string, samples []sample) []byte {
	text := &bytes.Buffer{}
	for _, field := range fields {
		fmt.Fprintf(text, "# HELP %s Simulated, no GPU is behind it: %s\n", field.name, field.help)
		fmt.Fprintf(text, "# TYPE %s gauge\n", field.name)
		for _, sample := range samples {
			if value, suits := field.value(sample); suits {
				fmt.Fprintf(text, "%s{", field.name)
				writeLabels(text, node, sample)
				fmt.Fprintf(text, "} %g\n", value)
			}
		}
	}
	return text.Bytes()
}

// observe lists each card and each of its slices, once for each container that holds it.
func observe(devices *Devices, conditions map[string]Condition, held map[string][]holder) []sample {
	var samples []sample
	for position := range devices.GPUs {
		gpu := &devices.GPUs[position]
		card := conditions[gpu.UUID]
		if len(gpu.Instances) == 0 {
			whole := sample{gpu: gpu, condition: card, memory: gpu.MemoryMiB}
			samples = append(samples, each(whole, held[gpu.UUID])...)
			continue
		}
		samples = append(samples, sample{gpu: gpu, condition: busiest(gpu, card, conditions, held)})
		for slice := range gpu.Instances {
			part := &gpu.Instances[slice]
			one := sample{gpu: gpu, instance: part, condition: conditions[part.UUID], memory: part.MemoryMiB}
			samples = append(samples, each(one, held[part.UUID])...)
		}
	}
	return samples
}

// each gives the sample to every holder; a device that nobody holds is idle, whatever was set.
func each(one sample, holders []holder) []sample {
	if len(holders) == 0 {
		one.condition.Utilisation, one.condition.MemoryUsedMiB = 0, 0
		return []sample{one}
	}
	found := make([]sample, 0, len(holders))
	for position := range holders {
		one.holder = &holders[position]
		found = append(found, one)
	}
	return found
}

// busiest is the card as its slices make it: as busy as the busiest of those that are held.
func busiest(gpu *GPU, card Condition, conditions map[string]Condition, held map[string][]holder) Condition {
	found := Condition{XID: card.XID}
	for _, instance := range gpu.Instances {
		if len(held[instance.UUID]) > 0 {
			found.Utilisation = max(found.Utilisation, conditions[instance.UUID].Utilisation)
		}
	}
	return found
}

func writeLabels(text io.Writer, node string, s sample) {
	fmt.Fprintf(text, "gpu=\"%d\",UUID=%q,pci_bus_id=%q", s.gpu.Index, s.gpu.UUID, s.gpu.PCIBusID)
	fmt.Fprintf(text, ",device=\"nvidia%d\",modelName=%q", s.gpu.Index, s.gpu.Model)
	if s.instance != nil {
		fmt.Fprintf(text, ",GPU_I_PROFILE=%q,GPU_I_ID=\"%d\"", s.instance.Profile, s.instance.ID)
	}
	fmt.Fprintf(text, ",Hostname=%q", node)
	who := holder{}
	if s.holder != nil {
		who = *s.holder
	}
	fmt.Fprintf(text, ",container=%q,namespace=%q,pod=%q", who.container, who.namespace, who.pod)
}
