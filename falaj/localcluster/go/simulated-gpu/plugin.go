package main

import (
	"context"
	"fmt"
	"log"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/fsnotify/fsnotify"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	api "k8s.io/kubelet/pkg/apis/deviceplugin/v1beta1"
)

const (
	kubeletSocket = "kubelet.sock"
	retryInterval = 200 * time.Millisecond
	answerTime    = 5 * time.Second
)

// runPlugin offers every resource to the kubelet, anew whenever the kubelet started anew, until the context ends.
func runPlugin(ctx context.Context, directory string, devices *Devices, conditionsFile string) error {
	if err := os.MkdirAll(directory, 0o750); err != nil {
		return err
	}
	watcher, err := fsnotify.NewWatcher()
	if err != nil {
		return err
	}
	defer watcher.Close()
	for _, watched := range []string{directory, filepath.Dir(conditionsFile)} {
		if err := watcher.Add(watched); err != nil {
			return fmt.Errorf("watch %s: %w", watched, err)
		}
	}
	health := newHealth(conditionsFile)
	for ctx.Err() == nil {
		session, end := context.WithCancel(ctx)
		go offer(session, directory, devices, health)
		untilKubeletIsNew(ctx, watcher, filepath.Join(directory, kubeletSocket), conditionsFile, health)
		end()
	}
	return nil
}

// untilKubeletIsNew returns when the kubelet made its socket again, and reads the conditions whenever they changed.
func untilKubeletIsNew(ctx context.Context, watcher *fsnotify.Watcher, socket, conditionsFile string, health *health) {
	for {
		select {
		case <-ctx.Done():
			return
		case err := <-watcher.Errors:
			log.Printf("watching files: %v", err)
		case event := <-watcher.Events:
			if event.Name == socket && event.Has(fsnotify.Create) {
				log.Print("the kubelet started: registering")
				return
			}
			if event.Name == conditionsFile {
				health.refresh()
			}
		}
	}
}

// offer serves and registers every resource, trying again while the kubelet is away, and stops serving with the context.
func offer(ctx context.Context, directory string, devices *Devices, health *health) {
	for _, resource := range devices.Resources {
		plugin := &plugin{resource: resource, health: health}
		complaint := ""
		err := plugin.start(ctx, directory)
		for ; err != nil && ctx.Err() == nil; err = plugin.start(ctx, directory) {
			if err.Error() != complaint {
				complaint = err.Error()
				log.Printf("%s is not registered yet, trying again: %v", resource.Name, err)
			}
			time.Sleep(retryInterval)
		}
		if err == nil {
			log.Printf("SIMULATED: %s: %d registered with the kubelet", resource.Name, len(resource.Units))
		}
	}
}

type plugin struct {
	api.UnimplementedDevicePluginServer
	resource Resource
	health   *health
}

func (p *plugin) start(ctx context.Context, directory string) error {
	endpoint := strings.ReplaceAll(strings.ReplaceAll(p.resource.Name, ".com/", "-"), "/", "-") + ".sock"
	socket := filepath.Join(directory, endpoint)
	if err := os.RemoveAll(socket); err != nil {
		return err
	}
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: socket, Net: "unix"})
	if err != nil {
		return err
	}
	// A session that ends while the next one begins would take away the next one's socket.
	listener.SetUnlinkOnClose(false)
	server := grpc.NewServer()
	api.RegisterDevicePluginServer(server, p)
	go server.Serve(listener)
	if err := p.register(ctx, filepath.Join(directory, kubeletSocket), endpoint); err != nil {
		server.Stop()
		return err
	}
	context.AfterFunc(ctx, server.Stop)
	return nil
}

func (p *plugin) register(ctx context.Context, kubelet, endpoint string) error {
	connection, err := grpc.NewClient("unix:"+kubelet, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer connection.Close()
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	_, err = api.NewRegistrationClient(connection).Register(ctx, &api.RegisterRequest{
		Version:      api.Version,
		Endpoint:     endpoint,
		ResourceName: p.resource.Name,
		Options:      options(),
	})
	return err
}

func options() *api.DevicePluginOptions {
	return &api.DevicePluginOptions{GetPreferredAllocationAvailable: true}
}

func (p *plugin) GetDevicePluginOptions(context.Context, *api.Empty) (*api.DevicePluginOptions, error) {
	return options(), nil
}

// ListAndWatch tells the kubelet all units and their health, now and after each change.
func (p *plugin) ListAndWatch(_ *api.Empty, stream grpc.ServerStreamingServer[api.ListAndWatchResponse]) error {
	for {
		conditions, changed := p.health.now()
		listed := make([]*api.Device, 0, len(p.resource.Units))
		for _, unit := range p.resource.Units {
			state := api.Healthy
			if !conditions[unit.GPU].healthy() || !conditions[unit.UUID].healthy() {
				state = api.Unhealthy
			}
			listed = append(listed, &api.Device{ID: unit.ID, Health: state})
		}
		if err := stream.Send(&api.ListAndWatchResponse{Devices: listed}); err != nil {
			return err
		}
		select {
		case <-changed:
		case <-stream.Context().Done():
			return nil
		}
	}
}

// GetPreferredAllocation spreads what is shared: the device with the most units left is used first.
func (p *plugin) GetPreferredAllocation(
	_ context.Context, request *api.PreferredAllocationRequest,
) (*api.PreferredAllocationResponse, error) {
	response := &api.PreferredAllocationResponse{}
	for _, container := range request.ContainerRequests {
		chosen := slices.Clone(container.MustIncludeDeviceIDs)
		for len(chosen) < int(container.AllocationSize) {
			next, found := p.leastUsed(container.AvailableDeviceIDs, chosen)
			if !found {
				break
			}
			chosen = append(chosen, next)
		}
		response.ContainerResponses = append(
			response.ContainerResponses, &api.ContainerPreferredAllocationResponse{DeviceIDs: chosen},
		)
	}
	return response, nil
}

func (p *plugin) leastUsed(available, chosen []string) (string, bool) {
	left := map[string]int{}
	for _, unit := range p.resource.Units {
		if slices.Contains(available, unit.ID) && !slices.Contains(chosen, unit.ID) {
			left[unit.UUID]++
		}
	}
	best, found := Unit{}, false
	for _, unit := range p.resource.Units {
		free := slices.Contains(available, unit.ID) && !slices.Contains(chosen, unit.ID)
		if free && (!found || left[unit.UUID] > left[best.UUID]) {
			best, found = unit, true
		}
	}
	return best.ID, found
}

// Allocate says what a container that got these units is started with. NVIDIA's plugin sets the same variable.
func (p *plugin) Allocate(_ context.Context, request *api.AllocateRequest) (*api.AllocateResponse, error) {
	response := &api.AllocateResponse{}
	for _, container := range request.ContainerRequests {
		answer, err := p.allocate(container.DevicesIds)
		if err != nil {
			return nil, err
		}
		response.ContainerResponses = append(response.ContainerResponses, answer)
	}
	return response, nil
}

func (p *plugin) allocate(ids []string) (*api.ContainerAllocateResponse, error) {
	var visible []string
	answer := &api.ContainerAllocateResponse{}
	for _, id := range ids {
		position := slices.IndexFunc(p.resource.Units, func(unit Unit) bool { return unit.ID == id })
		if position < 0 {
			return nil, fmt.Errorf("invalid allocation request for %q: unknown device: %s", p.resource.Name, id)
		}
		unit := p.resource.Units[position]
		if !slices.Contains(visible, unit.UUID) {
			visible = append(visible, unit.UUID)
		}
		known := func(device *api.DeviceSpec) bool { return device.ContainerPath == unit.File }
		if !slices.ContainsFunc(answer.Devices, known) {
			// A file like a GPU's, in name alone: behind it is the device that takes everything and gives nothing.
			device := &api.DeviceSpec{ContainerPath: unit.File, HostPath: os.DevNull, Permissions: "rw"}
			answer.Devices = append(answer.Devices, device)
		}
	}
	answer.Envs = map[string]string{
		"NVIDIA_VISIBLE_DEVICES": strings.Join(visible, ","),
		"FALAJ_SIMULATED_GPU":    "true",
	}
	log.Printf("SIMULATED: %s: allocated %s", p.resource.Name, strings.Join(ids, ","))
	return answer, nil
}

// health holds the conditions last read, and a channel that is closed when they change.
type health struct {
	file       string
	mutex      sync.Mutex
	conditions map[string]Condition
	changed    chan struct{}
}

func newHealth(file string) *health {
	made := &health{file: file, changed: make(chan struct{})}
	made.refresh()
	return made
}

func (h *health) refresh() {
	conditions, err := readConditions(h.file)
	if err != nil {
		log.Printf("the conditions before stay: %v", err)
		return
	}
	h.mutex.Lock()
	defer h.mutex.Unlock()
	for uuid, condition := range conditions {
		if condition.XID != h.conditions[uuid].XID {
			log.Printf("SIMULATED: %s: XID %d, healthy: %t", uuid, condition.XID, condition.healthy())
		}
	}
	h.conditions = conditions
	close(h.changed)
	h.changed = make(chan struct{})
}

func (h *health) now() (map[string]Condition, <-chan struct{}) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	return h.conditions, h.changed
}
